// What only a box with systemd can do, by the pages of one that is booted.

import { AWAY, expect, test } from "../fixtures/test.js";

test("a restart from the page is one, and the page finds the box again", async ({ technician, page, box, complaints }) => {
  complaints.expected(AWAY);
  await technician.signIn();
  await technician.open("/system/power/restart");
  const boot = () => box.run("cat", "/proc/sys/kernel/random/boot_id");
  const before = await boot();
  await technician.press("power.restart_go");
  await technician.isAt("power.restarting");
  await expect(async () => expect(await boot()).not.toBe(before)).toPass();
  await expect(page).toHaveURL(/\/login$/, { timeout: 30_000 });
  await technician.isAt("login.title");
  await technician.signIn();
  await technician.sees("overview.ports");
});
