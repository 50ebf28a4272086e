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
