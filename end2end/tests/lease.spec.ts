import { expect, test } from "../fixtures/test.js";
import { changeOnConsole } from "../fixtures/technician.js";

const BY_DHCP = '[ports.lan1]\nmanage = true\nipv4 = { method = "dhcp" }';

test("a lease is renewed, given back only when a person means it, and asked for again", async ({ technician, page, box, t }) => {
  await changeOnConsole(box, BY_DHCP, 60);
  await box.shell("until gatehouse network confirm --untested; do sleep 0.1; done 2>/dev/null");
  const [given] = await box.addresses("lan1");
  const address = given!.split("/")[0]!;
  await technician.signIn(`https://${address}`);
  await technician.open("/network/lan1");
  await technician.sees("dhcp.bound");
  await technician.press("dhcp.renew");
  await technician.sees("dhcp.bound");
  expect(await box.addresses("lan1")).toEqual([given]);

  await technician.press("dhcp.release");
  await expect(page.getByRole("alert")).toContainText(t("fault.cuts_off_why", { address }));
  expect(await box.addresses("lan1"), "nothing was done").toEqual([given]);
  await page.getByRole("button", { name: t("dhcp.release_anyway") }).click({ noWaitAfter: true });
  await expect.poll(() => box.addresses("lan1")).toEqual([]);

  await technician.signIn();
  await technician.open("/network/lan1");
  await technician.sees("dhcp.released");
  await technician.press("dhcp.ask");
  await expect.poll(() => box.addresses("lan1")).toHaveLength(1);
  await technician.open("/network/lan1");
  await technician.sees("dhcp.bound");
  // over the service port nobody is cut off
  await technician.press("dhcp.release");
  await technician.sees("dhcp.released");
  expect(await box.addresses("lan1")).toEqual([]);
});
