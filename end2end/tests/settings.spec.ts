import { expect, test } from "../fixtures/test.js";
import { SERVICE } from "../fixtures/technician.js";

test("the system page leads to each setting and says how it is", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/");
  await page.locator("nav.places").getByRole("link", { name: t("nav.system") }).click();
  await technician.isAt("nav.system");
  for (const [path, title, state] of [
    ["/system/host-name", "host_name.title", "gatehouse-1.local"],
    ["/system/time", "time.title", t("clock.nobody")],
    ["/system/proxy", "proxy.title", t("proxy.none")],
  ] as const) {
    const way = page.locator(".ports-list li").filter({ has: page.locator(`a[href='${path}']`) });
    await expect(way).toContainText(t(title));
    await expect(way).toContainText(state);
  }
});

test("a new name is told with its address, and is the box's", async ({ technician, page, box, t }) => {
  await technician.signIn();
  await technician.open("/system/host-name");
  await page.locator("#host_name").fill("Box 1");
  await technician.press("system.save");
  await technician.sees("form.problems");
  await expect(page.locator("#host_name")).toHaveValue("Box 1");
  await expect(page.locator("#host_name-error")).toContainText(t("rule.not_a_box_name"));

  await page.locator("#host_name").fill("box-a1");
  await technician.press("system.save");
  await technician.sees("host_name.saved", { name: "box-a1" });
  await expect(page.getByRole("link", { name: "https://box-a1.local/" })).toHaveAttribute("href", "https://box-a1.local/");
  expect((await box.shell("hostname")).trim()).toBe("box-a1");
});

test("zone and time servers are saved, and wrong ones come back with both problems", async ({ technician, page, box, t }) => {
  await technician.signIn();
  await technician.open("/system/time");
  await page.locator("#time_zone").fill("Mars/Base");
  await page.locator("#time_servers").fill("10.20.0.1:123");
  await technician.press("system.save");
  await technician.sees("form.problems");
  await expect(page.locator("#time_zone-error")).toBeHidden();
  await expect(page.locator("#time_servers-error")).toContainText(t("rule.not_a_time_server"));

  await page.locator("#time_servers").fill("10.20.0.1");
  await technician.press("system.save");
  await expect(page.locator("#time_zone-error")).toContainText(t("rule.not_a_zone", { typed: "Mars/Base" }));

  await page.locator("#time_zone").fill("Asia/Shanghai");
  await technician.press("system.save");
  await technician.sees("system.saved");
  await expect(page.locator("#time_servers")).toHaveValue("10.20.0.1");
  expect((await box.shell("date +%z")).trim()).toBe("+0800");
});

test("the device's time is offered where a script can read it, and a box without systemd says that it sets no clock", async ({
  technician,
  page,
  scripts,
  t,
}) => {
  await technician.signIn();
  await technician.open("/system/time");
  const device = page.getByRole("button", { name: t("time.device") });
  if (scripts) {
    const sent = page.waitForRequest((request) => request.method() === "POST");
    await device.click();
    const form = new URLSearchParams((await sent).postData() ?? "");
    const off = Math.abs(Number(form.get("device")) - Date.now() / 1000);
    expect(off, "seconds").toBeLessThan(60);
  } else {
    await expect(device).toBeHidden();
    await page.locator("#clock").fill("2026-11-25T12:00");
    await technician.press("time.set_go");
  }
  await technician.sees("fault.clock_not_set");
  await technician.sees("fault.clock_nobody_why");
});

test("a proxy that is not there is saved only where a person says so, and removed again", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/system/proxy");
  await page.locator("#proxy_url").fill("http://10.20.0.1:3128");
  await page.locator("#proxy_user").fill("box");
  await page.locator("#proxy_password").fill("sesame");
  await technician.press("proxy.save");
  await technician.sees("fault.proxy_fails");
  await technician.sees("hops.cause_proxy_refused");
  await expect(page.locator("#proxy_url")).toHaveValue("http://10.20.0.1:3128");
  await expect(page.locator("#proxy_password"), "a password never comes back").toHaveValue("");

  await page.locator("#proxy_password").fill("sesame");
  await page.locator("[name=untested]").check();
  await technician.press("proxy.save");
  await technician.sees("system.saved");
  await technician.sees("proxy.password_kept");
  expect(await page.content()).not.toContain("sesame");

  await technician.press("proxy.remove");
  await technician.sees("system.saved");
  await expect(page.locator("#proxy_url")).toHaveValue("");
});

test("all problems of a proxy are told at their fields", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/system/proxy");
  await page.locator("#proxy_url").fill(`${SERVICE}/`);
  await page.locator("#proxy_user").fill("a:b");
  await page.locator("#proxy_password").fill("x");
  await page.locator("#proxy_ca").fill("none");
  await page.locator("#host").fill("a b");
  await technician.press("proxy.save");
  await technician.sees("form.problems");
  for (const [field, key, typed] of [
    ["proxy_url", "rule.proxy_is_own", ""],
    ["proxy_user", "rule.not_a_word", ""],
    ["proxy_ca", "rule.not_a_certificate", ""],
    ["host", "rule.not_a_host_name", "a b"],
  ] as const) {
    await expect(page.locator(`#${field}-error`)).toContainText(t(key, { typed }));
  }
});
