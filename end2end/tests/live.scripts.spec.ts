// What happens without a reload, and so only with scripts.

import { AWAY, expect, test } from "../fixtures/test.js";

test("a cable that is pulled shows on the faceplate and in the headline", async ({ technician, page, box, t }) => {
  await technician.signIn();
  const lan1 = page.locator("#faceplate").getByRole("link").first();
  await expect(lan1).toContainText(t("port.state.in_use"));
  await box.plug("lan1", false);
  await expect(lan1).toContainText(t("port.state.no_link"));
  await technician.isAt("headline.no_link", { port: t("port.in_text", { label: "LAN1" }) });
  await box.plug("lan1", true);
  await expect(lan1).toContainText(t("port.state.in_use"));
});

test("a port's page shows what the kernel says, and the form keeps what is being typed", async ({
  technician,
  page,
  box,
  t,
}) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.type({ dns2: "10.20.0.5" });
  await box.plug("lan1", false);
  await expect(page.locator("#port-lan1")).toContainText(t("port.state.no_link"));
  await expect(page.locator("#dns2")).toHaveValue("10.20.0.5");
});

test("a box without power: the page says that it has no contact, and that it has it again", async ({
  technician,
  box,
  complaints,
}) => {
  complaints.expected(AWAY);
  await technician.signIn();
  await technician.open("/network");
  await box.power(false);
  await expect(technician.page.locator("[data-offline]")).toBeVisible({ timeout: 45_000 });
  await box.power(true);
  await expect(technician.page.locator("[data-offline]")).toBeHidden({ timeout: 20_000 });
});

test("a session that ends while a form is open: the form stays, and the way to sign in is shown", async ({
  technician,
  page,
}) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.type({ dns2: "10.20.0.5" });
  await technician.setPasswordOnConsole("another four words here");
  await expect(page.locator("[data-signed-out]")).toBeVisible({ timeout: 15_000 });
  await expect(page.locator("#dns2")).toHaveValue("10.20.0.5");
});

test("a session that ends elsewhere leads to the sign-in page, which says why", async ({ technician, page }) => {
  await technician.signIn();
  await technician.setPasswordOnConsole("another four words here");
  await expect(page).toHaveURL(/\/login$/, { timeout: 15_000 });
  await technician.sees("login.ended");
});

test("a field is checked when it is left, in the words of the server", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.type({ gateway: "10.99.0.1" });
  await page.locator("#dns1").focus();
  const net = { network: "10.20.0.0/24", first: "10.20.0.1", last: "10.20.0.254" };
  await expect(page.locator("#gateway-error")).toContainText(t("rule.gateway_outside", { typed: "10.99.0.1", ...net }));
  await technician.type({ gateway: "10.20.0.1" });
  await page.locator("#dns1").focus();
  await expect(page.locator("#gateway")).not.toHaveAttribute("aria-invalid", "true");
});

test("the password can be looked at", async ({ technician, page }) => {
  await technician.open("/login");
  await technician.password.fill("seen");
  await technician.press("password.show");
  await expect(page.locator("#password")).toHaveAttribute("type", "text");
  await technician.press("password.hide");
  await expect(page.locator("#password")).toHaveAttribute("type", "password");
});
