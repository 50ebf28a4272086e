import { expect, test } from "../fixtures/test.js";
import { MOVED, NEW, OLD } from "../fixtures/technician.js";

const GIVEN = /10\.20\.0\.1[0-5]\d/;

test("from a typed address to DHCP: the offer is shown first, and the page follows to it", async ({
  technician,
  page,
  box,
  t,
  scripts,
}) => {
  await technician.signIn(OLD);
  await technician.plansDhcp();
  const offer = page.locator("#plan");
  await expect(offer).toContainText(GIVEN);
  await technician.sees("offer.server");
  expect(await box.addresses("lan1"), "asking takes nothing").toEqual(["10.20.0.15/24"]);

  await technician.press("preview.apply");
  if (!scripts) {
    await technician.isAt("headline.awaiting", {}, 20_000);
    const there = page.getByRole("button", { name: /https:\/\/10\.20\.0\.1[0-5]\d/ });
    await there.click();
    await technician.isAsked();
    await technician.press("change.keep");
  }
  await technician.isAt("change.kept", {}, 40_000);
  const [address] = await box.addresses("lan1");
  expect(address).toMatch(GIVEN);
  technician.origin = `https://${address!.split("/")[0]}`;
  await expect(page).toHaveURL(`${technician.origin}/network/change`);

  await technician.open("/network/lan1");
  await technician.sees("dhcp.bound");
  expect(await box.run("gatehouse", "network", "show", "--spec")).toContain('method = "dhcp"');
  await expect(page.locator("[name=method][value=dhcp]")).toBeChecked();
  await expect(page.getByText(t("dhcp.left"))).toBeVisible();
});

test("and back from DHCP to a typed address, over the service port", async ({ technician, box, scripts, page }) => {
  await technician.signIn();
  await technician.plansDhcp();
  await technician.press("preview.apply");
  if (!scripts) {
    await technician.isAt("headline.awaiting", {}, 20_000);
    await technician.press("change.keep");
  }
  await technician.isAt("change.kept", {}, 40_000);
  expect((await box.addresses("lan1"))[0]).toMatch(GIVEN);

  await technician.open("/network/lan1");
  await technician.chooses("static");
  await technician.type({ ...MOVED, mask: "255.255.255.0" });
  await technician.press("form.check");
  await technician.sees("preview.title");
  await technician.press("preview.apply");
  if (!scripts) {
    await technician.isAsked();
    await technician.press("change.keep");
  }
  await technician.isAt("change.kept", {}, 20_000);
  await expect(page).toHaveURL(`${technician.origin}/network/change`);
  expect(await box.addresses("lan1")).toEqual([NEW.slice("https://".length) + "/24"]);
});

test("where no server answers the page says so before, and going back works while the box still asks", async ({
  technician,
  box,
}) => {
  await box.plug("lan2", false);
  await technician.signIn();
  const before = await box.kernel();
  await technician.plansDhcp("lan2");
  await technician.sees("offer.none_next");
  await technician.press("preview.apply");
  await technician.isAt("change.leasing_title");
  await technician.press("change.go_back");
  await technician.isAt("change.undone");
  expect(await box.kernel()).toBe(before);
});
