import { expect, test } from "../fixtures/test.js";

test("the overview shows each port, what it is up to, and the uplink in use", async ({ technician, page, t }) => {
  await technician.signIn();
  const plate = page.locator("#faceplate");
  await expect(plate.getByRole("link")).toHaveCount(3);
  const [lan1, lan2, service] = await plate.getByRole("link").all();
  await expect(lan1).toContainText("10.20.0.15");
  await expect(lan1).toContainText(t("port.state.in_use"));
  await expect(lan2).toContainText(t("port.uplink", { label: "LAN2" }));
  await expect(lan2).toContainText(t("port.state.linked"));
  await expect(service).toContainText("192.168.100.198");
  await expect(page.locator("#uplink")).toContainText("10.20.0.1");
  // what is left to do on a box that is on the network
  await expect(page.locator("#guide a")).toHaveAttribute("href", "/activate");
});

test("a box without a way out is guided to the port that has a cable", async ({ technician, page, box, t }) => {
  await box.plug("lan1", false);
  await technician.signIn();
  await technician.sees("guide.title");
  await technician.isAt("headline.no_link", { port: t("port.in_text", { label: "LAN1" }) });
  await page.locator("#guide a[href^='/network']").click();
  await technician.isAt("port.uplink", { label: "LAN2" });
});

test("the network page leads to each port, and the service port says that it is fixed", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/network");
  await technician.isAt("nav.network");
  await expect(page.locator(".ports-list li")).toHaveCount(3);
  await page.locator(".ports-list").getByRole("link", { name: t("port.service", { label: "LAN3" }) }).click();
  await technician.isAt("port.service", { label: "LAN3" });
  await technician.sees("port.service_why");
  await expect(page.locator("form.port-form")).toHaveCount(0);
});

test("a page that does not exist says so, and leads back", async ({ technician, page }) => {
  await technician.signIn();
  for (const path of ["/nowhere", "/network/lan9"]) {
    expect((await page.goto(technician.origin + path))?.status()).toBe(404);
    await technician.isAt("fault.not_found");
  }
  await page.getByRole("link", { name: technician.t("fault.to_overview") }).click();
  await technician.sees("overview.ports");
});

test("the language can be changed on any page, which stays the same", async ({ technician, page, lang }) => {
  const other = lang === "en" ? "zh-CN" : "en";
  const change = () => page.locator(`button[lang=${other}]`).click();
  await technician.open("/login");
  await change();
  await expect(page.locator("html")).toHaveAttribute("lang", other);
  await expect(page).toHaveURL(/\/login$/);
  await page.locator(`button[lang=${lang}]`).click();
  await technician.signIn();
  await technician.open("/network/lan1");
  await change();
  await expect(page.locator("html")).toHaveAttribute("lang", other);
  await expect(page).toHaveURL(/\/network\/lan1$/);
});
