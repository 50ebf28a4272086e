import { expect, test } from "../fixtures/test.js";
import { REACHED } from "../fixtures/technician.js";

test("a way that works is drawn hop by hop, up to the host", async ({ technician, page, box, t }) => {
  await technician.signIn();
  await technician.open("/network");
  await page.getByRole("link", { name: t("hops.to_test") }).click();
  await technician.isAt("hops.title");
  const before = await box.kernel();
  await technician.tests(REACHED);
  await technician.sees("hops.result_to", { host: REACHED });
  await technician.sees("hops.all_well_host", { host: REACHED });
  const hops = page.locator(".hops li");
  await expect(hops).toHaveCount(7);
  await expect(page.locator(".hops .passed")).toHaveCount(5);
  for (const [place, key] of ["link", "address", "gateway", "dns", "clock", "proxy", "host"].entries()) {
    await expect(hops.nth(place)).toContainText(t(`hops.${key}`));
  }
  await expect(hops.nth(1)).toContainText("10.20.0.15/24");
  await expect(page.locator("#host")).toHaveValue(REACHED);
  expect(await box.kernel(), "a test changes nothing").toBe(before);
});

test("the broken hop, its cause and what mends it", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/network/test");
  await technician.tests("internet.test:9");
  await expect(page.locator(".hops .broken")).toContainText(t("hops.host"));
  await expect(page.getByRole("alert")).toContainText(t("hops.cause_host_refused"));
  await technician.sees("hops.mend_check_host");

  await technician.tests("nowhere.example");
  await expect(page.locator(".hops .broken")).toContainText(t("hops.dns"));
  await expect(page.getByRole("alert")).toContainText(t("hops.cause_dns_refused", { server: "10.20.0.1", rcode: 5 }));
  await expect(page.locator(".hops li").nth(6)).toContainText(t("hops.skip_not_tested"));
});

test("without a cable nothing behind the link is tested, and the port is a click away", async ({
  technician,
  page,
  box,
  t,
}) => {
  await box.plug("lan1", false);
  await technician.signIn();
  await technician.isAt("headline.no_link", { port: t("port.in_text", { label: "LAN1" }) });
  await technician.open("/network/test");
  await technician.tests("");
  await expect(page.locator(".hops .broken")).toContainText(t("hops.link"));
  await expect(page.locator(".hops .skipped")).toHaveCount(6);
  await technician.sees("hops.mend_plug_cable");
  await page.getByRole("link", { name: t("attention.to_port") }).click();
  await technician.isAt("port.uplink", { label: "LAN1" });
});

test("what is no host is said at the field, and nothing is tested", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/network/test");
  await technician.tests("https://registry.example/");
  await technician.sees("form.problems");
  const said = t("rule.not_a_host_name", { typed: "https://registry.example/" });
  await expect(page.locator("#host-error")).toContainText(said);
  await expect(page.locator("#host")).toHaveValue("https://registry.example/");
  await expect(page.locator("#host")).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator(".hops")).toHaveCount(0);
});
