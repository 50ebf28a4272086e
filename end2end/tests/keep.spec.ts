import type { Box } from "../fixtures/box.js";
import { expect, test } from "../fixtures/test.js";
import { DNS, NEW, OLD, MOVED, SILENT } from "../fixtures/technician.js";

test("a change over the service port is kept: by itself with scripts, by the button without", async ({
  technician,
  page,
  box,
  scripts,
}) => {
  await technician.signIn();
  await technician.applies(DNS);
  if (!scripts) {
    await technician.isAsked();
    await technician.sees("change.well");
    await technician.press("change.keep");
  }
  await technician.isAt("change.kept", {}, 20_000);
  await expect(page).toHaveURL(`${technician.origin}/network/change`);
  expect(await box.shell("cat /etc/resolv.conf")).toContain("10.20.0.53");
  expect(await box.run("gatehouse", "network", "show", "--spec")).toContain("10.20.0.53");
});

test("an address that moves is followed from the uplink, and kept there", async ({ technician, page, box, t, scripts }) => {
  await technician.signIn(OLD);
  await technician.plans(MOVED);
  await technician.sees("preview.moves", { url: NEW });
  const fingerprint = await page.locator("#plan .fingerprint").textContent();
  expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);

  await technician.press("preview.apply");
  technician.origin = NEW;
  if (!scripts) {
    await technician.isAsked();
    await page.getByRole("button", { name: t("change.go_there", { url: NEW }) }).click();
    await expect(page).toHaveURL(`${NEW}/handoff`);
    await technician.isAsked();
    await technician.press("change.keep");
  }
  await technician.isAt("change.kept", {}, 30_000);
  await expect(page).toHaveURL(`${NEW}/network/change`);
  expect(await box.addresses("lan1")).toEqual(["10.30.0.15/24"]);
  await page.getByRole("link", { name: t("fault.to_network") }).click();
  await technician.isAt("nav.network");

  expect(await fingerprintAt(box, "10.30.0.15"), "the certificate that was announced").toBe(fingerprint);
  const old = await box.atLaptop("curl", "-sk", "--connect-timeout", "1", `${OLD}/healthz`);
  expect(old.code, "nothing answers at the old address").not.toBe(0);
});

test("a silent gateway: the page asks, and the change can be kept without a test over the service port", async ({
  technician,
  page,
  box,
  t,
  scripts,
}) => {
  await technician.signIn();
  await technician.applies(SILENT);
  await technician.isAsked();
  await technician.sees("change.unwell");
  await expect(page.locator(".checks")).toContainText(t("check.silent"));
  if (scripts) await expect.poll(() => technician.secondsLeft()).toBeLessThan(86);
  await technician.isAt("headline.awaiting");
  await expect(technician.button("change.keep")).toHaveCount(0);
  await technician.press("change.keep_untested");
  await technician.isAt("change.kept");
  expect(await box.run("gatehouse", "network", "show", "--spec")).toContain("10.20.0.77");
});

test("over the uplink itself a silent gateway is no reason against keeping: the page has got here", async ({ technician }) => {
  await technician.signIn(OLD);
  await technician.applies(SILENT);
  await technician.isAsked();
  await technician.press("change.keep");
  await technician.isAt("change.kept");
});

test("more time can be had", async ({ technician }) => {
  await technician.signIn();
  await technician.applies(SILENT);
  await technician.isAsked();
  expect(await technician.secondsLeft()).toBeLessThanOrEqual(90);
  await technician.press("change.more_time");
  await expect.poll(() => technician.secondsLeft()).toBeGreaterThan(120);
  await technician.isAsked();
});

/** Of the certificate that is shown there, on a connection of its own. */
async function fingerprintAt(box: Box, host: string): Promise<string> {
  const script = `const socket = require("tls").connect({ host: "${host}", port: 443, rejectUnauthorized: false }, () => {
    console.log(socket.getPeerCertificate().fingerprint256);
    socket.end();
  })`;
  return (await box.atLaptop("node", "-e", script)).stdout.trim();
}
