import { expect, test } from "../fixtures/test.js";
import { SERVICE } from "../fixtures/technician.js";

test("signing in leads to the overview, signing out back, and then nothing is open", async ({ technician, page }) => {
  await technician.signIn();
  await technician.press("nav.sign_out");
  await expect(page).toHaveURL(`${SERVICE}/login?left=1`);
  await technician.sees("login.left");
  await technician.open("/network");
  await expect(page).toHaveURL(`${SERVICE}/login`);
});

test("a wrong password is said beside the field", async ({ technician, page, t }) => {
  await technician.open("/login");
  await technician.password.fill("not the password");
  await technician.press("login.go");
  await expect(page.locator("#password-error")).toContainText(t("fault.wrong_password"));
  await expect(page.getByRole("alert")).toContainText(t("fault.wrong_password"));
  await expect(technician.password).toHaveValue("");
});

test("who guesses is slowed, and told how long", async ({ technician, page, t }) => {
  for (let guess = 0; guess < 6; guess++) {
    await technician.open("/login");
    await technician.password.fill(`guess number ${guess}`);
    await technician.press("login.go");
    await expect(page.getByRole("alert").first()).toBeVisible();
    if (await page.getByText(t("fault.slow_down")).count()) break;
  }
  await technician.sees("fault.slow_down");
  await expect(page.getByRole("alert")).toContainText("GH-");
});

test("a session that has ended is said on the sign-in page", async ({ technician, page }) => {
  await technician.signIn();
  // away from the box's pages, which would go to the sign-in page by themselves
  await page.goto("about:blank");
  await technician.setPasswordOnConsole("another four words here"); // which signs all browsers out
  await page.goto(`${SERVICE}/network`);
  await technician.sees("login.ended");
});
