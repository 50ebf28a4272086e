// Ways in that are not a code that is pasted: digits over the phone, a picture, and a record that somebody has prepared.

import { chromium, type Page } from "@playwright/test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { given, type Box } from "../fixtures/box.js";
import {
  activates,
  answersUpToTheCluster,
  answersUpToTheCode,
  at,
  newCode,
  signsInForTheFleet,
  typesTheCode,
} from "../fixtures/fleet.js";
import { expect, FLAGS, test } from "../fixtures/test.js";
import { Technician } from "../fixtures/technician.js";

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

test("a code that is held before the live camera", async ({ page, t, site, scripts, lang }) => {
  test.setTimeout(120_000);
  const [second] = site.others as [Box];
  const admin = await at(2, page, t, second, scripts);
  await answersUpToTheCluster(admin, page, await newCode(site));
  await signsInForTheFleet(admin, page);
  await admin.open("/cluster/codes");
  await admin.press("cluster.code_go");
  const drawn = await page.locator("svg.qr").evaluate((svg) => svg.outerHTML);

  const person = await at(1, page, t, site, scripts);
  await answersUpToTheCode(person, page);
  const start = page.locator("[data-start]");
  if (!scripts) return expect(start).toBeHidden();
  // this browser has no camera
  await start.click();
  await person.sees("activate.camera_denied");

  const folder = await mkdtemp(path.join(tmpdir(), "camera-"));
  await writeFile(path.join(folder, "code.mjpeg"), await film(page, drawn));
  const browser = await chromium.launch({
    executablePath: fileURLToPath(new URL("../fixtures/chromium.sh", import.meta.url)),
    args: [
      ...FLAGS,
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${folder}/code.mjpeg`,
    ],
    env: { ...process.env, BOXES_CONTROL: site.control, BOXES: given("BOXES"), CHROMIUM: given("CHROMIUM") },
  });
  const locale = lang === "en" ? "en-GB" : lang;
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale, storageState: await page.context().storageState() });
  const seeing = new Technician(await context.newPage(), t, site, scripts);
  seeing.origin = person.origin;
  await seeing.open("/activate/code");
  await seeing.page.locator("[data-start]").click();
  await seeing.isAt("activate.confirm", undefined, 20_000);
  await browser.close();
  await rm(folder, { recursive: true });
});

/** A film of one picture: the code on a sheet of white paper. */
async function film(page: Page, drawn: string): Promise<Buffer> {
  const sheet = await page.context().newPage();
  await sheet.setViewportSize({ width: 640, height: 480 });
  const style = "body { background: #fff; margin: 20px } svg { width: 440px } .paper { fill: #fff } .ink { fill: #000 }";
  await sheet.setContent(`<style>${style}</style>${drawn}`);
  const picture = await sheet.screenshot({ type: "jpeg", quality: 90 });
  await sheet.close();
  return picture;
}
