import { expect, test } from "../fixtures/test.js";
import { PASSWORD, SERVICE } from "../fixtures/technician.js";

const NEW = "another purple crane";

test("the password is changed with the old one, and other browsers are signed out", async ({ technician, colleague, page, t }) => {
  await technician.signIn();
  await colleague.signIn();
  await technician.open("/system/password");
  await page.locator("#old_password").fill("not this one");
  await technician.password.fill(NEW);
  await technician.press("password.go");
  await technician.sees("form.problems");
  await expect(page.locator("#old_password-error")).toContainText(t("fault.wrong_password"));
  await expect(technician.password, "a password never comes back").toHaveValue("");

  await page.locator("#old_password").fill(PASSWORD);
  await technician.password.fill("short");
  await technician.press("password.go");
  await expect(page.locator("#password-error")).toContainText(t("password.too_short"));

  await page.locator("#old_password").fill(PASSWORD);
  await technician.password.fill(NEW);
  await technician.press("password.go");
  await technician.sees("password.saved");
  await technician.open("/network");
  await technician.isAt("nav.network");

  await colleague.page.goto(`${SERVICE}/network`);
  await colleague.isAt("login.title");
  await colleague.signIn(SERVICE, NEW);
});

test("sessions are listed, and another one is ended", async ({ technician, colleague, page, t }) => {
  await technician.signIn();
  await colleague.signIn();
  await technician.open("/system/sessions");
  await technician.sees("sessions.this");
  await expect(page.locator(".ports-list li")).toHaveCount(2);
  await page.getByRole("button", { name: t("sessions.end_this", { number: 2 }) }).click();
  await technician.sees("sessions.ended");
  await expect(page.locator(".ports-list li")).toHaveCount(1);
  await colleague.page.goto(`${SERVICE}/system`);
  await colleague.isAt("login.title");
});

test("the audit log says who did what, and is chosen from", async ({ technician, page, t }) => {
  await technician.open("/login");
  await technician.password.fill("not the password");
  await technician.press("login.go");
  await technician.sees("form.problems");
  await technician.signIn();
  await technician.open("/system/audit");
  await technician.sees("audit.unbroken");
  const lines = page.locator("ol.ports-list > li");
  await expect(lines.first()).toContainText(t("call.login"));
  await expect(lines.first()).toContainText(t("audit.done"));
  await expect(lines.nth(1)).toContainText("GH-102");
  await expect(lines.nth(2)).toContainText(t("audit.by_console"));

  await page.locator("#who").selectOption("console");
  await technician.press("audit.choose");
  await expect(lines).toHaveCount(1);
  await expect(page.locator("#who")).toHaveValue("console");
});
