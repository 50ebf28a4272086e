import { AWAY, expect, test } from "../fixtures/test.js";
import { SERVICE } from "../fixtures/technician.js";

test("a factory reset asks twice, wants the box's name, and leaves a box for a first visit", async ({
  technician,
  page,
  box,
  complaints,
}) => {
  complaints.expected(AWAY);
  await box.logind();
  await technician.signIn();
  await box.run("gatehouse", "settings", "host-name", "box-a1");
  await technician.open("/system");
  await page.locator("a[href='/system/reset']").click();
  await technician.isAt("reset.title");
  await technician.sees("reset.goes_password");
  await technician.sees("reset.stays_identity");
  await page.locator("a[href='/system/reset/sure']").click();
  await technician.sees("reset.last");
  await page.locator("#name").fill("box-b7");
  await technician.press("reset.go");
  await technician.sees("form.problems");
  await expect(page.locator("#name-error")).toContainText("box-b7");
  await expect(page.locator("#name")).toHaveValue("box-b7");

  const before = await box.run("cat", "/proc/sys/kernel/random/boot_id");
  await page.locator("#name").fill("box-a1");
  await technician.press("reset.go");
  await technician.isAt("reset.going");
  await expect(async () => {
    expect(await box.run("cat", "/proc/sys/kernel/random/boot_id")).not.toBe(before);
  }).toPass();
  await expect(async () => {
    await page.goto(`${SERVICE}/`);
    await technician.isAt("setup.title", {}, 500);
  }).toPass();
  expect((await box.run("hostname")).trim()).toBe("gatehouse-1");
});

test("in the middle of a network change there is no way on", async ({ technician, page, box }) => {
  await technician.signIn();
  await technician.applies({ gateway: "10.20.0.77" });
  await technician.isAsked();
  await technician.open("/system/reset");
  await technician.sees("fault.change_open");
  await expect(page.locator("a[href='/system/reset/sure']")).toHaveCount(0);
  expect(await box.run("ls", "/var/lib/gatehouse")).not.toContain("factory-reset");
});
