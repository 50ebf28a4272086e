import { certificate } from "../fixtures/states.js";
import { expect, test } from "../fixtures/test.js";

const OWN = { chain: certificate("box.pem"), key: certificate("box.key") };

test("a certificate of one's own is checked, shown, installed and removed", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/system");
  await page.locator("a[href='/system/certificate']").click();
  await technician.isAt("certificate.title");
  await technician.sees("certificate.own");
  await page.locator("#chain").fill(OWN.chain);
  await page.locator("#key").fill(OWN.key);
  await technician.press("certificate.check");
  await expect(page.locator("#offered")).toContainText("box.site.example");
  await technician.sees("certificate.uncovered");
  expect(await page.content()).not.toContain("PRIVATE KEY-----\n");

  await technician.press("certificate.install");
  await technician.sees("system.saved");
  await technician.sees("certificate.installed");
  await expect(page.getByText(t("certificate.good"), { exact: true }).first()).toBeVisible();
  await technician.press("certificate.remove");
  await technician.sees("certificate.own");
});

test("what is wrong with a certificate is said, and the key does not come back", async ({ technician, page }) => {
  await technician.signIn();
  await technician.open("/system/certificate");
  await page.locator("#chain").fill(OWN.chain);
  await page.locator("#key").fill(certificate("other.key"));
  await technician.press("certificate.check");
  await technician.sees("fault.bad_certificate");
  await technician.sees("certificate.problem_key_mismatch");
  await expect(page.locator("#chain")).toHaveValue(/BEGIN CERTIFICATE/);
  await expect(page.locator("#key")).toHaveValue("");
});

test("the box's own authority can be downloaded", async ({ technician, page }) => {
  await technician.signIn();
  await technician.open("/system/certificate");
  for (const ending of ["crt", "pem"]) {
    const download = page.waitForEvent("download");
    await page.locator(`a[href='/system/certificate/authority.${ending}']`).click();
    expect((await download).suggestedFilename()).toBe(`gatehouse-7F3K-2219-authority.${ending}`);
  }
});
