// A factory reset of a box with systemd: the whole way round, to the next first visit.

import { AWAY, expect, test } from "../fixtures/test.js";
import { PASSWORD, SERVICE } from "../fixtures/technician.js";

test("a factory reset comes back as a box for a first visit, without anything of the life before", async ({
  technician,
  page,
  box,
  complaints,
}) => {
  complaints.expected(AWAY);
  await technician.signIn();
  await box.run("gatehouse", "settings", "host-name", "box-a1");
  const fingerprint = () => box.run("cat", "/var/lib/gatehouse-web/certificates/192.168.100.198.fingerprint");
  const boot = () => box.run("cat", "/proc/sys/kernel/random/boot_id");
  const before = { boot: await boot(), fingerprint: await fingerprint() };

  await technician.open("/system/reset/sure");
  await page.locator("#name").fill("box-a1");
  await technician.press("reset.go");
  await technician.isAt("reset.going");
  await expect(async () => expect(await boot()).not.toBe(before.boot)).toPass();
  // web forgets its own as soon as the agent tells it of another life, and starts anew
  await expect(async () => expect(await fingerprint()).not.toBe(before.fingerprint)).toPass();
  await expect(async () => {
    await page.goto(`${SERVICE}/`);
    await technician.isAt("setup.title", {}, 500);
  }).toPass();

  expect(await box.run("hostname")).toBe("gatehouse-1\n");
  expect(await box.run("ls", "/var/lib/gatehouse")).not.toContain("password");
  await technician.password.fill(PASSWORD);
  await technician.press("setup.go");
  await technician.sees("overview.ports");
});
