import { readFileSync } from "node:fs";
import { expect, test } from "../fixtures/test.js";

const SEED = "/etc/gatehouse/seed.toml";

test("a seed that cannot be used is told with its lines, and a good one with what came of it", async ({ technician, page, box, t }) => {
  await technician.signIn();
  await technician.open("/system");
  await expect(page.locator("a[href='/system/seed']")).toHaveCount(0);

  await box.shell(`printf 'serial = "7F3K-2219"\\nhost_nam = "box-a1"\\n' > ${SEED}`);
  const way = page.locator(".ports-list li").filter({ has: page.locator("a[href='/system/seed']") });
  await expect(async () => {
    await technician.open("/system");
    await expect(way).toContainText(t("seed.refused"), { timeout: 1 });
  }).toPass();
  await way.getByRole("link").click();
  await technician.isAt("seed.title");
  await expect(page.locator("main")).toContainText("unknown field `host_nam`");
  await expect(page.locator("main")).toContainText("GH-710");

  await box.shell(`printf 'serial = "7F3K-2219"\\nhost_name = "box-a1"\\n' > ${SEED}`);
  await expect(async () => {
    await technician.open("/system/seed");
    await expect(page.locator("main")).toContainText(t("seed.came_applied"), { timeout: 1 });
  }).toPass();
  await expect(page.locator("main")).not.toContainText("host_nam`");
  expect((await box.shell("hostname")).trim()).toBe("box-a1");
});

test("the support bundle says what is in it and is downloaded by a press", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/system");
  await page.locator("a[href='/system/support']").click();
  await technician.isAt("support.title");
  await expect(page.locator("main")).toContainText(t("support.out_secrets"));
  const download = page.waitForEvent("download");
  await technician.press("support.go");
  expect((await download).suggestedFilename()).toMatch(/^gatehouse-gatehouse-1-7F3K-2219-\d{14}\.tar\.gz$/);
});

test("about has the version, the licences and the list of parts", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/system");
  await page.locator("a[href='/system/about']").click();
  await technician.isAt("about.title");
  await expect(page.locator("main")).toContainText("7F3K-2219");
  for (const [name, file, part] of [
    ["about.licences", "gatehouse-licences.txt", "Permission is hereby granted"],
    ["about.sbom", "gatehouse-sbom.cdx.json", '"bomFormat":"CycloneDX"'],
  ] as const) {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: t(name) }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe(file);
    expect(readFileSync(await saved.path(), "utf8")).toContain(part);
  }
});
