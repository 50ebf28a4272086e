import { AWAY, expect, test } from "../fixtures/test.js";
import { changeOnConsole, spec } from "../fixtures/technician.js";

test("a restart asks first, says what stops, and the page finds the box again by itself", async ({
  technician,
  page,
  box,
  scripts,
  complaints,
}) => {
  complaints.expected(AWAY);
  await box.logind();
  await technician.signIn();
  await technician.open("/system");
  await page.locator("a[href='/system/power']").click();
  await technician.isAt("power.title");
  await page.locator("a[href='/system/power/restart']").click();
  await technician.sees("power.restart_question");
  await technician.sees("power.restart_stops");
  await technician.islands();
  const before = await box.run("cat", "/proc/sys/kernel/random/boot_id");
  await technician.press("power.restart_go");
  await technician.isAt("power.restarting");
  await technician.sees("power.restarting_busy");
  await expect(async () => {
    expect(await box.run("cat", "/proc/sys/kernel/random/boot_id")).not.toBe(before);
  }).toPass();
  await box.ready();
  if (scripts) {
    await expect(page).toHaveURL(/\/login$/, { timeout: 30_000 });
  } else {
    await page.locator("a.button[href='/']").click();
  }
  await technician.isAt("login.title");
});

test("switched off, the box is off", async ({ technician, box, complaints }) => {
  complaints.expected(AWAY);
  await box.logind();
  await technician.signIn();
  await technician.open("/system/power/off");
  await technician.sees("power.off_long");
  await technician.press("power.off_go");
  await technician.isAt("power.switching_off");
  await expect(async () => {
    await expect(box.run("true")).rejects.toThrow();
  }).toPass();
  await box.power(true);
  await box.ready();
});

test("a box that nobody can restart says so", async ({ technician }) => {
  await technician.signIn();
  await technician.open("/system/power/restart");
  await technician.press("power.restart_go");
  await technician.sees("fault.power_refused");
  await technician.sees("fault.power_nobody_next");
});

test("in the middle of a network change there is a way to it instead of a button", async ({ technician, page, box }) => {
  await technician.signIn();
  await changeOnConsole(box, spec({ gateway: "10.20.0.77" }), 600);
  await technician.open("/system/power/restart");
  await technician.sees("fault.change_open");
  await expect(technician.button("power.restart_go")).toHaveCount(0);
  await page.locator("main a[href='/network/change']").click();
  await technician.isAsked();
});
