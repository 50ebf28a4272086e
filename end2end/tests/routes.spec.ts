import { expect, test } from "../fixtures/test.js";

const FAR = { destination: "172.16.0.0", mask: "255.240.0.0", gateway: "10.20.0.1" };

test("a route is added, seen in the plan, kept, and taken away by emptying its row", async ({ technician, page, box, scripts, t }) => {
  const row = async (number: number, typed: Partial<typeof FAR>) => {
    for (const [part, value] of Object.entries(typed)) await page.locator(`#route${number}_${part}`).fill(value);
  };
  const keep = async () => {
    await technician.press("preview.apply");
    if (!scripts) {
      await technician.isAsked();
      await technician.press("change.keep");
    }
    await technician.isAt("change.kept", {}, 20_000);
  };
  const routes = () => box.shell("ip -4 route show 172.16.0.0/12");
  await technician.signIn();
  await technician.open("/network/lan1");
  await page.locator("#settings details.used-only summary").click();
  await row(1, FAR);
  await technician.press("form.route_add");
  await expect(page.locator("#route1_destination")).toHaveValue(FAR.destination);
  await row(2, { destination: "10.9.0.0/16", gateway: "router" });
  await technician.press("form.check");
  await expect(page.locator("#route2_gateway-error")).toBeVisible();
  await expect(page.locator("#route2_gateway")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("alert").locator("a[href='#route2_gateway']")).toBeVisible();
  await page.getByRole("button", { name: t("form.route_remove", { n: 2 }) }).click();
  await expect(page.locator("#route2_destination")).toHaveCount(0);
  await technician.press("form.check");
  await expect(page.locator("#plan")).toContainText("172.16.0.0/12");
  expect(await routes()).toBe("");
  await keep();
  expect(await routes()).toContain("via 10.20.0.1 dev lan1 proto 69");

  await technician.open("/network/lan1");
  await expect(page.locator("#route1_gateway")).toHaveValue(FAR.gateway);
  await row(1, { destination: "", mask: "", gateway: "" });
  // Enter in a field checks the form; it does not press a button of a row
  await page.locator("#route1_gateway").press("Enter");
  await expect(page.locator("#plan")).toContainText("172.16.0.0/12");
  await keep();
  expect(await routes()).toBe("");
});
