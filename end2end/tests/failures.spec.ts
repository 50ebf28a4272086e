// What dies in the window, and what the person sees of it.

import { AWAY, expect, test } from "../fixtures/test.js";
import { SILENT } from "../fixtures/technician.js";

for (const role of ["agent", "web"] as const) {
  test(`the ${role} is killed in the window: the countdown goes on, and the change can be kept`, async ({
    technician,
    page,
    box,
    complaints,
  }) => {
    complaints.expected(AWAY);
    await technician.signIn();
    await technician.applies(SILENT);
    await technician.isAsked();
    const left = await technician.secondsLeft();
    await box.kill(role);
    await box.ready();
    await expect(async () => {
      await page.reload();
      await technician.isAt("headline.awaiting", {}, 500);
    }).toPass();
    expect(await technician.secondsLeft()).toBeLessThanOrEqual(left);
    await technician.press("change.keep_untested");
    await technician.isAt("change.kept");
    expect(await box.run("gatehouse", "network", "show", "--spec")).toContain("10.20.0.77");
  });
}

test("the box restarts in the window: the change is undone, and the person is told why", async ({
  technician,
  box,
  complaints,
}) => {
  complaints.expected(AWAY);
  await technician.signIn();
  const addresses = await box.addresses("lan1");
  await technician.applies({ address: "10.20.0.16", gateway: "10.20.0.77" });
  await technician.isAsked();
  await box.reboot();
  await technician.signIn();
  await technician.sees("attention.undone");
  await technician.open("/network/change");
  await technician.isAt("change.undone");
  await technician.sees("why.reboot");
  expect(await box.addresses("lan1")).toEqual(addresses);
});

test("the agent does not answer: the page says so, and goes on when it does", async ({ technician, page, box, complaints }) => {
  complaints.expected(AWAY);
  await technician.signIn();
  await box.hang("agent");
  expect((await page.goto(`${technician.origin}/network`))?.status()).toBe(503);
  await technician.isAt("fault.agent_away");
  await box.goOn("agent");
  await technician.open("/network");
  await technician.isAt("nav.network");
});
