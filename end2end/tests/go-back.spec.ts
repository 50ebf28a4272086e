import { expect, test } from "../fixtures/test.js";
import { OLD, SERVICE, SILENT, spec } from "../fixtures/technician.js";

const silent = spec({ gateway: "10.20.0.77" });

test("a change that nobody keeps is undone, and the page says so", async ({ technician, page, box, scripts }) => {
  await technician.signIn();
  const before = await box.kernel();
  await technician.holdsChangeOfConsole(silent, 10);
  await technician.open("/network/change");
  await technician.isAsked();
  expect(await box.kernel()).not.toBe(before);
  if (scripts) {
    await technician.isAt("change.undone", {}, 20_000);
  } else {
    await expect(async () => {
      await page.reload();
      await technician.isAt("change.undone", {}, 100);
    }).toPass({ timeout: 20_000 });
  }
  await technician.sees("why.not_confirmed");
  expect(await box.kernel()).toBe(before);

  await technician.open("/");
  await technician.sees("attention.undone");
});

test("going back at once", async ({ technician, box, t }) => {
  await technician.signIn();
  const before = await box.kernel();
  await technician.applies(SILENT);
  await technician.isAsked();
  await technician.press("change.go_back");
  await technician.isAt("change.undone");
  await technician.sees("why.asked", { by: t("actor.session", { from: "192.168.100.197" }) });
  expect(await box.kernel()).toBe(before);
});

test("a page whose address moves can go back from the old address", async ({ technician, page, box }) => {
  await technician.signIn(OLD);
  await technician.applies({ address: "10.20.0.16" });
  await technician.isAsked();
  await technician.press("change.go_back");
  await technician.isAt("change.undone");
  await expect(page).toHaveURL(`${OLD}/network/change`);
  expect(await box.addresses("lan1")).toEqual(["10.20.0.15/24"]);
});

test("another browser is told who made the change, may go back, and cannot keep it", async ({
  technician,
  colleague,
  box,
  t,
}) => {
  await technician.signIn(OLD);
  await colleague.signIn();
  await technician.applies(SILENT);
  await technician.isAsked();

  await colleague.open("/network/change");
  await colleague.isAsked();
  await colleague.sees("change.not_mine");
  const by = t("actor.session", { from: "10.20.0.200" });
  await colleague.sees("change.by", { by });
  expect(await colleague.secondsLeft()).toBeGreaterThan(30);
  for (const keep of ["change.keep", "change.keep_untested"]) await expect(colleague.button(keep)).toHaveCount(0);

  await colleague.open("/network/lan2");
  await colleague.sees("fault.busy");
  await colleague.open("/network/change");
  await colleague.press("change.go_back");
  await colleague.isAt("change.undone");
  expect(await box.run("gatehouse", "network", "show", "--spec")).not.toContain("10.20.0.77");
});

test("a second change while one is open is refused, with who and how long, and what was typed stays", async ({
  technician,
  colleague,
  page,
  t,
}) => {
  await technician.signIn(OLD);
  await colleague.signIn();
  await colleague.plans({ dns2: "10.20.0.99" });
  await technician.applies(SILENT);
  await technician.isAsked();
  await colleague.press("preview.apply");
  const alert = colleague.page.getByRole("alert");
  await expect(alert).toContainText(t("fault.busy"));
  await expect(alert).toContainText(t("actor.session", { from: "10.20.0.200" }));
  await expect(colleague.page.locator("#dns2")).toHaveValue("10.20.0.99");
  await expect(page).toHaveURL(`${OLD}/network/change`);
});

test("another browser that claims to keep it is refused", async ({ technician, colleague, box }) => {
  await technician.signIn(OLD);
  await colleague.signIn(SERVICE);
  await technician.applies(SILENT);
  await technician.isAsked();
  const status = await colleague.page.evaluate(async () => {
    const body = new URLSearchParams({ untested: "1" });
    return (await fetch("/network/change/confirm", { method: "POST", body })).status;
  });
  expect(status).toBe(403);
  expect(JSON.parse(await box.run("gatehouse", "status", "--json")).network.transaction.open).not.toBeNull();
});
