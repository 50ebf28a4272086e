// The pages about the SIM as people with a keyboard, a screen reader, a small screen or a dark room have them.

import { hasNoBarriers } from "../fixtures/barriers.js";
import { hasSim, isOnline, says, switchesDataOn } from "../fixtures/cellular.js";
import { tabTo } from "../fixtures/keyboard.js";
import { expect, test } from "../fixtures/test.js";

test.beforeEach(() => test.setTimeout(180_000));
test.afterEach(({ box }) => box.modem({ what: "remove" }));

test("no page about the SIM has a barrier", async ({ technician, page, box, lang, t }) => {
  const looks = (name: string) => hasNoBarriers(page, lang, name);
  await technician.signIn();
  await technician.open("/cellular");
  await looks("no ModemManager");
  await box.modem({ what: "fit", sim: { pin_left: 1 } });
  await says(technician, "cell_cause.pin_not_kept");
  await looks("locked");
  await technician.open("/cellular/sim");
  await looks("PIN, the last try");
  await page.locator("#pin").fill("12");
  await technician.press("cellular.unlock_go");
  await technician.sees("form.problems");
  await looks("PIN, refused");
  await page.locator("#pin").fill("1234");
  await page.locator("#last-yes").check();
  await technician.press("cellular.unlock_go");
  await technician.sees("cellular.said_unlocked");
  await page.locator("summary").first().click();
  await looks("unlocked");
  await hasSim(technician, box);
  await technician.open("/cellular/settings");
  await page.locator("summary").click();
  await looks("settings");
  await page.locator("#apn").fill("a b");
  await technician.press("cellular.save");
  await technician.sees("form.problems");
  await looks("settings, refused");
  await switchesDataOn(technician);
  await looks("settings, saved");
  await isOnline(technician);
  await looks("online");
  await technician.open("/");
  await looks("overview");
  await expect(page.getByRole("link", { name: t("port.sim", { label: "SIM" }) }).first()).toBeVisible();
});

test("a SIM is unlocked and data switched on with the keyboard alone", async ({ technician, page, box }) => {
  await box.modem({ what: "fit", sim: {} });
  await technician.signIn();
  await says(technician, "cell_cause.pin_not_kept");
  const enter = () => page.keyboard.press("Enter");
  await tabTo(page, '#cellular a.button[href="/cellular/sim"]');
  await enter();
  await technician.isAt("cellular.sim_title");
  await technician.islands();
  await tabTo(page, "#pin");
  await page.keyboard.type("1234");
  await enter();
  await technician.sees("cellular.said_unlocked");
  await hasSim(technician, box);
  await tabTo(page, '#cellular a.button[href="/cellular/settings"]');
  await enter();
  await technician.isAt("cellular.settings_title");
  await technician.islands();
  await tabTo(page, "#on-yes");
  await page.keyboard.press("Space");
  await enter();
  await technician.sees("cellular.said_saved");
  await isOnline(technician);
});
