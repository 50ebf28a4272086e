import { expect, test } from "../fixtures/test.js";

test("an alarm has a number, is acknowledged, and leads to what mends it", async ({ technician, page, box, t }) => {
  await box.plug("lan1", false);
  await technician.signIn();
  await technician.open("/");
  await page.getByRole("link", { name: t("attention.to_alarms") }).click();
  await technician.isAt("alarms.title");
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("AL-102")).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
  await technician.islands();
  const line = page.locator(".ports-list > li", { hasText: "AL-102" });
  await expect(line).toContainText(t("alarm.no_link"));
  await expect(line).toContainText(t("severity.major"));
  await expect(line.getByRole("link")).toHaveAttribute("href", "/network/lan1");
  await line.getByRole("button").click();
  await expect(line).toContainText("192.168.100.197");
  await expect(line.getByRole("button")).toHaveCount(0);
});

test("what the services say is chosen by level, part and text", async ({ technician, page, t }) => {
  await technician.open("/login");
  await technician.password.fill("not the password");
  await technician.press("login.go");
  await technician.sees("form.problems");
  await technician.signIn();
  await technician.open("/system/logs");
  await page.locator("#level").selectOption("warn");
  await page.locator("#part").selectOption("agent");
  await page.locator("#text").fill("wrong password");
  await technician.press("audit.choose");
  const lines = page.locator("ol.ports-list > li");
  await expect(lines).toHaveCount(1);
  await expect(lines.first()).toContainText("a wrong password");
  await expect(page.locator("#text")).toHaveValue("wrong password");
  await page.locator("#text").fill("no such thing");
  await technician.press("audit.choose");
  await technician.sees("logs.none");
});
