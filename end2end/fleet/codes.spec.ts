// Ways in that are not a code that is pasted: digits over the phone, a picture, and a record that somebody has prepared.

import type { Box } from "../fixtures/box.js";
import {
  activates,
  answersUpToTheCluster,
  answersUpToTheCode,
  at,
  newCode,
  signsInForTheFleet,
  typesTheCode,
} from "../fixtures/fleet.js";
import { expect, test } from "../fixtures/test.js";

/** As a maker does: the box knows registry and authority before anybody has a code. */
async function knowsItsRegistry(box: Box, site: Box): Promise<void> {
  const { url, ca } = await site.registryPreset();
  const seed = `serial = "7F3K-2219"\n[registry]\nurl = "${url}"\nca = """\n${ca}"""\n`;
  await box.shell(`cat >/etc/gatehouse/seed.toml <<'END'\n${seed}\nEND`);
  await expect
    .poll(async () => (await box.shell("gatehouse activate --status --json || true")).includes('"preset": true'), { timeout: 15_000 })
    .toBe(true);
}

test("sixteen digits over the phone: a slip is said before anything is sent, the right ones are good once", async ({
  page,
  t,
  site,
  scripts,
}) => {
  const person = await at(1, page, t, site, scripts);
  await knowsItsRegistry(site, site);
  const { code } = await site.fleet<{ code: string }>("token", "create", "--short");
  expect(code).toMatch(/^\d{4} \d{4} \d{4} \d{4}$/);
  await answersUpToTheCode(person, page);
  const slip = code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
  await typesTheCode(person, page, slip);
  await expect(page.getByRole("alert").first()).toContainText(t("malformed.check_digit"));
  await typesTheCode(person, page, code.replaceAll(" ", ""));
  await person.isAt("activate.confirm");
  await person.press("activate.confirm_yes");
  await page.locator("#name").fill("box-a1");
  await page.locator("#association-none").check();
  await person.press("activate.next");
  await activates(person);
  const [used] = await site.fleet<{ state: string; serial: string }[]>("token", "list");
  expect(used).toMatchObject({ state: "used", serial: "7F3K-2219" });
  await site.shell("rm /etc/gatehouse/seed.toml");
});

test("a code as a picture, and a record that was prepared: one page to look through", async ({ page, t, site, scripts }) => {
  test.setTimeout(120_000);
  const [second] = site.others as [Box];
  const admin = await at(2, page, t, second, scripts);
  await answersUpToTheCluster(admin, page, await newCode(site));
  await signsInForTheFleet(admin, page);
  await admin.open("/cluster/boxes");
  await page.locator("#serial").fill("no serial");
  await admin.press("cluster.box_go");
  await admin.sees("activate.problem_serial");
  await page.locator("#serial").fill("7F3K-2219");
  await page.locator("#name").fill("box-a9");
  await page.locator("#site").fill("Plant 2");
  await admin.press("cluster.box_go");
  await admin.sees("cluster.done");
  await expect(page.locator("main")).toContainText("box-a9");
  await admin.open("/cluster/codes");
  await page.locator("#label").fill("for plant 2");
  await admin.press("cluster.code_go");
  const photo = await page.locator("svg.qr").screenshot();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: t("carried.file") }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("activation-code.txt");

  const person = await at(1, page, t, site, scripts);
  await answersUpToTheCode(person, page);
  await page.locator("#photo-code").setInputFiles({ name: "code.png", mimeType: "image/png", buffer: photo });
  await person.press("activate.photo_go");
  await person.isAt("activate.confirm");
  await person.press("activate.confirm_yes");
  // name and place are known: nothing more is asked
  await person.isAt("activate.review");
  await expect(page.locator("main")).toContainText("box-a9");
  await activates(person);
  expect((await site.run("hostname")).trim()).toBe("box-a9");
});
