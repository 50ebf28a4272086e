import { tabTo } from "../fixtures/keyboard.js";
import { expect, test } from "../fixtures/test.js";
import { SERVICE } from "../fixtures/technician.js";

test("everything with the keyboard alone: sign in, change a port, keep it", async ({ technician, page, t }) => {
  await technician.open("/login");
  await tabTo(page, "#password");
  await page.keyboard.type("four words nobody guesses");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${SERVICE}/`);
  await technician.islands();

  await tabTo(page, 'nav a[href="/network"]');
  await page.keyboard.press("Enter");
  await technician.isAt("nav.network");
  await tabTo(page, '.ports-list a[href="/network/lan1"]');
  await page.keyboard.press("Enter");
  await technician.isAt("port.uplink", { label: "LAN1" });
  await technician.islands();

  await tabTo(page, "#gateway");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("10.20.0.77");
  await page.keyboard.press("Enter");
  await technician.sees("preview.title");
  await technician.islands();
  await tabTo(page, `#plan button`);
  await page.keyboard.press("Enter");
  await technician.isAsked();
  await tabTo(page, 'form[action="/network/change/confirm"] button');
  await expect(page.locator(":focus")).toHaveText(t("change.keep_untested"));
  await page.keyboard.press("Enter");
  await technician.isAt("change.kept");
});

test("the first stop leads past the navigation", async ({ technician, page }) => {
  await technician.signIn();
  await page.keyboard.press("Tab");
  await expect(page.locator(":focus")).toHaveText(technician.t("page.skip"));
  await expect(page.locator(":focus")).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
});

test("after a mistake the summary has the focus, and its links lead to the fields", async ({ technician, page }) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.type({ gateway: "10.99.0.1" });
  await technician.press("form.check");
  await expect(page.getByRole("alert")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("#gateway")).toBeFocused();
});
