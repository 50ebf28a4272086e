import { expect, test } from "../fixtures/test.js";
import { changeOnConsole, DNS, spec, type Typed } from "../fixtures/technician.js";

const net = { network: "10.20.0.0/24", first: "10.20.0.1", last: "10.20.0.254" };

/** What is typed, the field that is blamed, and the reason. */
const WRONG: [Typed, keyof Typed, string][] = [
  [{ address: "" }, "address", "missing_address"],
  [{ mask: "" }, "mask", "missing_mask"],
  [{ address: "10.20.0.256" }, "address", "not_an_address"],
  [{ address: "10.20.0" }, "address", "not_an_address"],
  [{ address: "box; reboot" }, "address", "not_an_address"],
  [{ address: "<b>10.20.0.15</b>" }, "address", "not_an_address"],
  [{ address: "127.0.0.1" }, "address", "not_a_host_address"],
  [{ address: "224.0.0.5" }, "address", "not_a_host_address"],
  [{ address: "10.20.0.0" }, "address", "is_network_address"],
  [{ address: "10.20.0.255" }, "address", "is_broadcast_address"],
  [{ mask: "255.0.255.0" }, "mask", "not_a_mask"],
  [{ mask: "/33" }, "mask", "not_a_mask"],
  [{ address: "10.20.0.15/25", mask: "255.255.255.0" }, "mask", "not_a_mask"],
  [{ mask: "/31" }, "mask", "prefix_out_of_range"],
  [{ gateway: "10.99.0.1" }, "gateway", "gateway_outside"],
  [{ gateway: "10.20.0.15" }, "gateway", "gateway_is_own_address"],
  [{ gateway: "router" }, "gateway", "not_an_address"],
  [{ dns1: "10.20.0.15" }, "dns1", "dns_is_own_address"],
  [{ dns2: "dns.example" }, "dns2", "not_an_ip_address"],
];

test("each wrong value is said beside its field and on top, stays typed, and changes nothing", async ({
  technician,
  page,
  box,
  t,
}) => {
  await technician.signIn();
  const before = await box.kernel();
  for (const [typed, field, rule] of WRONG) {
    await page.goto(`${technician.origin}/network/lan1`);
    await technician.type(typed);
    await technician.press("form.check");
    const message = t(`rule.${rule}`, { typed: typed[field] ?? "", ...net });
    await expect(page.locator(`#${field}-error`), JSON.stringify(typed)).toContainText(message);
    await expect(page.locator(`#${field}`)).toHaveAttribute("aria-invalid", "true");
    const link = page.getByRole("alert").getByRole("link", { name: message });
    await expect(link).toHaveAttribute("href", `#${field}`);
    for (const [name, value] of Object.entries(typed)) await expect(page.locator(`#${name}`)).toHaveValue(value);
    await expect(page).toHaveTitle(new RegExp(t("form.error_title", { title: ".*" })));
    await expect(page.locator("#plan")).toHaveCount(0);
  }
  expect(await box.kernel()).toBe(before);
});

test("all problems are said at once", async ({ technician, page }) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.type({ address: "10.20.0.999", mask: "255.0.255.0", gateway: "router", dns1: "x", dns2: "y" });
  await technician.press("form.check");
  await expect(page.getByRole("alert").getByRole("link")).toHaveCount(5);
});

test("a network that another port has already is refused, and the port is named", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/network/lan2");
  await page.locator("#method-static").check();
  await technician.type({ address: "192.168.100.7", mask: "/24" });
  await technician.press("form.check");
  await expect(page.locator("#address-error")).toContainText(t("rule.overlaps_service", { network: "192.168.100.0/24" }));
  await technician.type({ address: "10.20.0.16" });
  await technician.press("form.check");
  const port = t("port.in_text", { label: "LAN1" });
  await expect(page.locator("#address-error")).toContainText(t("rule.overlaps", { network: "10.20.0.0/24", port }));
});

test("pasted values are understood: full-width characters, spaces, a mask behind the address", async ({
  technician,
  page,
  t,
}) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.type({ address: " １０．２０。０．１６／２４ ", mask: "" });
  await technician.press("form.check");
  await technician.sees("preview.title");
  const port = t("port.in_text", { label: "LAN1" });
  await expect(page.locator("#plan")).toContainText(t("item.address", { net: "10.20.0.16/24", port }));
});

/** The same of the typed IPv6 address. */
const WRONG_IPV6: [Partial<Record<"ipv6_address" | "ipv6_gateway", string>>, "ipv6_address" | "ipv6_gateway", string][] = [
  [{ ipv6_address: "" }, "ipv6_address", "missing_ipv6_address"],
  [{ ipv6_address: "2001:db8:20::15" }, "ipv6_address", "ipv6_prefix_missing"],
  [{ ipv6_address: "2001:db8:20::15/128" }, "ipv6_address", "ipv6_prefix_out_of_range"],
  [{ ipv6_address: "10.20.0.15/24" }, "ipv6_address", "not_an_ipv6_address"],
  [{ ipv6_address: "fe80::15/64" }, "ipv6_address", "not_an_ipv6_host"],
  [{ ipv6_gateway: "2001:db8:21::1" }, "ipv6_gateway", "ipv6_gateway_outside"],
  [{ ipv6_gateway: "2001:db8:20::15" }, "ipv6_gateway", "gateway_is_own_address"],
];

test("each wrong IPv6 value is said beside its field, too", async ({ technician, page, t }) => {
  await technician.signIn();
  for (const [typed, field, rule] of WRONG_IPV6) {
    await page.goto(`${technician.origin}/network/lan1`);
    await page.locator("#ipv6_method-static").check();
    const values = { ipv6_address: "2001:db8:20::15/64", ipv6_gateway: "2001:db8:20::1", ...typed };
    for (const [name, value] of Object.entries(values)) await page.locator(`#${name}`).fill(value);
    await technician.press("form.check");
    const message = t(`rule.${rule}`, { typed: typed[field] ?? "", network: "2001:db8:20::/64" });
    await expect(page.locator(`#${field}-error`), JSON.stringify(typed)).toContainText(message);
    await expect(page.getByRole("alert").getByRole("link", { name: message })).toHaveAttribute("href", `#${field}`);
    for (const [name, value] of Object.entries(values)) await expect(page.locator(`#${name}`)).toHaveValue(value);
    await expect(page.locator("#plan")).toHaveCount(0);
  }
});

test("a typed IPv6 address is planned, and its fields are there only while one is typed", async ({
  technician,
  page,
  t,
}) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await expect(page.locator("#ipv6_method-auto")).toBeChecked();
  await expect(page.locator("#ipv6_address")).toBeHidden();
  await page.locator("#ipv6_method-static").check();
  await page.locator("#ipv6_address").fill("2001：db8:20::15／64");
  await page.locator("#ipv6_gateway").fill("fe80::1");
  await technician.press("form.check");
  await technician.sees("preview.title");
  const port = t("port.in_text", { label: "LAN1" });
  await expect(page.locator("#plan")).toContainText(t("item.address", { net: "2001:db8:20::15/64", port }));
  await expect(page.locator("#plan")).toContainText(t("item.ipv6_auto", { port }));
  await page.locator("#method-off").check();
  await expect(page.locator("#ipv6_method-auto")).toBeHidden();
});

test("what is set up already is no change", async ({ technician, page, t }) => {
  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.press("form.check");
  await expect(page.getByRole("alert")).toContainText(t("fault.nothing_to_do"));
});

test("a plan can be thrown away", async ({ technician, page, box }) => {
  await technician.signIn();
  const before = await box.kernel();
  await technician.plans(DNS);
  await page.getByRole("link", { name: technician.t("preview.discard") }).click();
  await expect(page.locator("#plan")).toHaveCount(0);
  await expect(page.locator("#dns2")).toHaveValue("");
  expect(await box.kernel()).toBe(before);
});

test("a plan that no longer fits is made anew and not applied", async ({ technician, page, box, t }) => {
  await technician.signIn();
  await technician.plans({ address: "10.20.0.17" });
  await changeOnConsole(box, spec({ address: "10.20.0.16/24" }), 60);
  await box.shell("until gatehouse network confirm; do sleep 0.1; done");
  await technician.press("preview.apply");
  await expect(page.getByRole("alert")).toContainText(t("fault.plan_outdated"));
  await expect(page.locator("#plan")).toContainText("10.20.0.16");
  expect(await box.addresses("lan1")).toEqual(["10.20.0.16/24"]);
});
