// From a SIM in an envelope to a box that is online, and what can be in the way.

import { hasSim, isOnline, OTHER, says, switchesDataOn, tries } from "../fixtures/cellular.js";
import { expect, test } from "../fixtures/test.js";

test.beforeEach(() => test.setTimeout(180_000));
test.afterEach(({ box }) => box.modem({ what: "remove" }));

test("a wrong PIN, the right one, the APN that is suggested, and data flows", async ({ technician, page, box, t }) => {
  await box.modem({ what: "fit", sim: {} });
  await technician.signIn();
  await says(technician, "cell_cause.pin_not_kept");
  await page.locator("#cellular").getByRole("link", { name: t("cellular.unlock_go") }).click();
  await technician.isAt("cellular.sim_title");
  await technician.sees("cellular.tries.other", { count: 3 });

  // what can be no PIN costs nothing
  for (const nonsense of ["12a4", "123", "123456789"]) {
    await page.locator("#pin").fill(nonsense);
    await technician.press("cellular.unlock_go");
    await expect(page.locator("#pin-error")).toContainText(t("rule_not_a_pin"));
  }
  expect(await tries(box)).toBe(0);

  await page.locator("#pin").fill("4321");
  await technician.press("cellular.unlock_go");
  await technician.sees("cell_cause.pin_wrong");
  await technician.sees("cellular.tries.other", { count: 2 });
  expect(await page.locator("#pin").inputValue()).toBe("");
  await page.locator("#pin").fill("1234");
  await technician.press("cellular.unlock_go");
  await technician.sees("cellular.said_unlocked");
  expect(await tries(box)).toBe(2);

  await hasSim(technician, box);
  await says(technician, "cellular.off");
  await technician.open("/cellular/settings");
  await expect(page.locator("#apn")).toHaveValue("cmnet");
  await technician.sees("cellular.apn_hint_prefilled", { operator: "China Mobile" });
  await switchesDataOn(technician);
  await isOnline(technician);
  await expect(page.locator("#cellular")).toContainText("CHINA MOBILE");
  await box.shell("busybox ping -c 2 -W 2 -I wwan0 10.64.0.1");
  for (const number of ["89860012345678901234", "460001234567890", "867223021234563"]) {
    await expect(page.getByText(number)).toBeVisible();
  }

  await technician.press("cellular.disconnect");
  await says(technician, "cellular.paused");
  await technician.press("cellular.connect");
  await isOnline(technician);
});

test("the last try asks for a word, and then for the PUK", async ({ technician, page, box, t, lang }) => {
  await box.modem({ what: "fit", sim: { pin_left: 1 } });
  await technician.signIn();
  await says(technician, "cell_cause.pin_not_kept");
  await technician.open("/cellular/sim");
  await technician.sees(lang === "en" ? "cellular.tries.one" : "cellular.tries.other", { count: 1 });
  await page.locator("#pin").fill("9999");
  await technician.press("cellular.unlock_go");
  await technician.sees("cell_cause.pin_last");
  expect(await tries(box)).toBe(0);
  await page.locator("#pin").fill("9999");
  await page.locator("#last-yes").check();
  await technician.press("cellular.unlock_go");
  // the modem starts anew, and the page says so
  await says(technician, "cell_cause.puk_needed");
  await page.locator("#cellular").getByRole("link", { name: t("cellular.unlock_go") }).click();
  await page.locator("#puk").fill("1234567x");
  await page.locator("#new_pin").fill("5678");
  await technician.press("cellular.puk_go");
  await expect(page.locator("#puk-error")).toContainText(t("rule_not_a_puk"));
  await page.locator("#puk").fill("12345678");
  await page.locator("#new_pin").fill("5678");
  await technician.press("cellular.puk_go");
  await technician.sees("cellular.said_unlocked");
  await technician.sees("cellular.pin_on_kept");

  // and the SIM can be told not to ask any more
  await page.locator("summary", { hasText: t("cellular.pin_disable") }).click();
  await page.locator("#disable_pin").fill("5678");
  await page.getByRole("button", { name: t("cellular.pin_disable") }).click();
  await technician.sees("cellular.said_pin");
  await technician.sees("cellular.pin_off");
});

test("another SIM is recognised, and gets nothing of the old one's", async ({ technician, page, box }) => {
  await box.modem({ what: "fit", sim: { asks_pin: false } });
  await technician.signIn();
  await hasSim(technician, box);
  await switchesDataOn(technician);
  await isOnline(technician);

  await box.modem({ what: "swap_sim", sim: OTHER });
  await box.modem({ what: "power_cycle" });
  await says(technician, "cell_cause.apn_refused");
  await technician.open("/cellular/sim");
  await technician.sees("cellular.swap");
  await technician.sees("cellular.swap_other", { old: "89860012345678901234" });
  await technician.sees("cellular.swap_power");
  expect(await tries(box)).toBe(0);
  await technician.press("cellular.swap_note");
  await technician.open("/cellular/sim");
  await technician.seesNot("cellular.swap");
  await technician.open("/cellular/settings");
  await technician.sees("cellular.apn_hint", { apns: "3gnet" });
  await page.locator("#apn").fill("3gnet");
  await technician.press("cellular.save");
  await isOnline(technician);
});

test("abroad nothing is connected before somebody allows it, and names from the air are text", async ({
  technician,
  page,
  box,
  t,
}) => {
  await box.modem({ what: "fit", sim: { asks_pin: false } });
  await box.modem({ what: "set", air: { registration: "roaming", serving: ["46001", "<b>N&</b>"] } });
  await technician.signIn();
  await hasSim(technician, box);
  await switchesDataOn(technician);
  await says(technician, "cell_cause.roaming_forbidden");
  await page.locator("#cellular").getByRole("link", { name: t("cellular.to_settings") }).first().click();
  await page.locator("#roaming-yes").check();
  await technician.press("cellular.save");
  await isOnline(technician);
  await expect(page.locator("#cellular")).toContainText("<b>N&</b>");
  await expect(page.locator("#cellular b", { hasText: "N&" })).toHaveCount(0);
});

test("odd settings are told by their field, and nothing is saved", async ({ technician, page, box }) => {
  await technician.signIn();
  await technician.open("/cellular/settings");
  await page.locator("#apn").fill("a b<script>");
  await page.locator("summary").click();
  await page.locator("#mtu").fill("9");
  await page.locator("#operator").fill("China");
  await page.locator("#limit").fill("-1");
  await technician.press("cellular.save");
  await technician.sees("form.problems");
  for (const field of ["apn", "mtu", "operator", "limit"]) {
    await expect(page.locator(`.problems a[href="#${field}"]`)).toBeVisible();
    await expect(page.locator(`#${field}`)).toHaveAttribute("aria-invalid", "true");
  }
  await expect(page.locator("#apn")).toHaveValue("a b<script>");
  const saved = JSON.parse(await box.run("gatehouse", "cellular", "show", "--json"));
  expect(saved.spec).toEqual({ on: false, auth: "none", ip_type: "ipv4", roaming: false });
});

test("without ModemManager the pages say so", async ({ technician, page, t }) => {
  await technician.signIn();
  await says(technician, "cell_cause.no_manager");
  await technician.open("/cellular/sim");
  await technician.sees("cell_cause.no_manager");
  // the slot's place among the ports leads here
  await technician.open("/network");
  await page.getByRole("link", { name: t("port.sim", { label: "SIM" }) }).first().click();
  await technician.isAt("cellular.title");
});
