import { expect, test } from "../fixtures/test.js";
import { twoUplinks } from "../fixtures/technician.js";

const defaults = "ip -4 route show default | awk '{ print $3 }' | head -1";

test("the second uplink is moved up, seen in the plan, and used when that is kept", async ({ technician, page, box, scripts }) => {
  await twoUplinks(box);
  await technician.signIn();
  await technician.open("/network");
  await page.locator("a[href='/network/order']").click();
  await technician.isAt("network.order");
  await page.locator("button[name=up][value=lan2]").click();
  await technician.sees("preview.title");
  expect((await box.shell(defaults)).trim(), "looking changes nothing").toBe("10.20.0.1");

  await technician.press("preview.apply");
  if (!scripts) {
    await technician.isAsked();
    await technician.press("change.keep");
  }
  await technician.isAt("change.kept", {}, 20_000);
  expect((await box.shell(defaults)).trim()).toBe("10.21.0.1");
});

test("an uplink whose cable is out is left, and the page says why", async ({ technician, page, box, t }) => {
  await twoUplinks(box);
  await technician.signIn();
  await technician.open("/network");
  await technician.sees("uplink.lower");
  await box.plug("lan1", false);
  // without scripts the page shows what was known when it was asked for
  await expect(async () => {
    await technician.open("/network");
    await expect(page.locator(".order")).toContainText(t("uplink.no_carrier"), { timeout: 500 });
  }).toPass();
  await expect(page.locator(".order li.used")).toContainText("10.21.0.1");
});
