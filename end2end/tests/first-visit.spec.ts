import { expect, test } from "../fixtures/test.js";
import { OLD, PASSWORD, SERVICE, Technician } from "../fixtures/technician.js";

test("the first visit sets the password, and leads to the overview", async ({ page, box, t, scripts }) => {
  const visitor = new Technician(page, t, box, scripts);
  await visitor.open("/network");
  await expect(page).toHaveURL(`${SERVICE}/setup`);
  await visitor.isAt("setup.title");
  await visitor.password.fill(PASSWORD);
  await visitor.press("setup.go");
  await expect(page).toHaveURL(`${SERVICE}/`);
  await visitor.sees("overview.ports");

  await visitor.open("/setup");
  await expect(page, "the first visit is over").toHaveURL(`${SERVICE}/`);
});

for (const [password, why] of [
  ["short", "password.too_short"],
  ["password123", "password.common"],
  ["aaaaaaaaaaaa", "password.monotonous"],
]) {
  test(`a weak password is refused with the reason beside the field: ${why}`, async ({ page, box, t, scripts }) => {
    const visitor = new Technician(page, t, box, scripts);
    await visitor.open("/setup");
    await visitor.password.fill(password);
    await visitor.press("setup.go");
    await expect(page.locator("#password-error")).toContainText(t(why));
    await expect(page.getByRole("alert")).toContainText(t(why));
    await expect(visitor.password).toHaveAttribute("aria-invalid", "true");
    await visitor.isAt("setup.title");
  });
}

test("the password cannot be set over an uplink", async ({ page, box, t, scripts }) => {
  const visitor = new Technician(page, t, box, scripts);
  visitor.origin = OLD;
  await visitor.open("/");
  await expect(page).toHaveURL(`${OLD}/setup`);
  await visitor.isAt("fault.service_port");
  await expect(visitor.password).toHaveCount(0);
  await visitor.sees("fault.service_port_next");
  await expect(page.locator("main a.button"), "the way on leads there").toHaveAttribute("href", `${SERVICE}/`);
});

test("a password that is set over an uplink by hand is refused, too", async ({ box }) => {
  const post = ["curl", "-sk", "-d", `password=${PASSWORD}`, "-H", `Origin: ${OLD}`, `${OLD}/setup`];
  const { stdout } = await box.atLaptop(...post, "-o", "/dev/null", "-w", "%{http_code}");
  expect(stdout).toBe("403");
  const { stdout: answer } = await box.atLaptop("curl", "-sk", `${SERVICE}/`, "-o", "/dev/null", "-w", "%{redirect_url}");
  expect(answer, "there is still none").toBe(`${SERVICE}/setup`);
});
