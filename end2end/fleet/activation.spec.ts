// Three boxes and a registry: the first makes a cluster, the second joins it as its peer, the third is of another model.

import type { Box } from "../fixtures/box.js";
import { activates, answersUpToTheCluster, answersUpToTheCode, at, newCode, signsInForTheFleet } from "../fixtures/fleet.js";
import { expect, test } from "../fixtures/test.js";

test("from three unopened boxes to a pair, and back to nothing", async ({ page, t, site, scripts }) => {
  test.setTimeout(180_000);
  const [second, third] = site.others as [Box, Box];

  // the fleet's administrator enables the service at the first box, which knows its registry only once it has a code
  const first = await at(1, page, t, site, scripts);
  await answersUpToTheCluster(first, page, await newCode(site));
  await expect(page.getByText(t("activate.service_off")).first()).toBeVisible();
  await signsInForTheFleet(first, page);
  await page.getByRole("link", { name: t("cluster.service_go") }).click();
  await first.press("cluster.act_enable_go");
  await first.sees("cluster.sure_missing");
  await page.locator("#sure-yes").check();
  await first.press("cluster.act_enable_go");
  await first.sees("cluster.done");

  await first.open("/activate/cluster");
  await page.locator("#name").fill("Box 1");
  await page.locator("#association-manual").check();
  await first.press("activate.next");
  await first.sees("activate.problem_name");
  await first.sees("activate.problem_cluster_name");
  await page.locator("#name").fill("box-a1");
  await page.locator("#new_cluster").fill("plant-2");
  // a virtual IP of another network is told where it was typed, and what was typed stays
  await page.locator("#virtual_ip").fill("10.99.0.100");
  await page.locator("#virtual_ip_port").selectOption({ label: "LAN1" });
  await first.press("activate.next");
  await expect(page.getByRole("alert").first()).toContainText("10.99.0.100");
  await expect(page.locator("#virtual_ip_port")).toHaveValue("lan1");
  await page.locator("#virtual_ip").fill("10.20.0.100");
  await first.press("activate.next");
  await first.isAt("activate.review");
  await expect(page.locator("main")).toContainText("LAN1");
  await activates(first);
  expect((await site.run("hostname")).trim()).toBe("box-a1");

  // the second chooses the cluster and the first as its peer
  const other = await at(2, page, t, second, scripts);
  await answersUpToTheCluster(other, page, await newCode(site));
  await page.locator("#name").fill("box-a2");
  await page.locator("#association-manual").check();
  await page.locator("input[name=place][value$=':7F3K-2219']").check();
  await other.press("activate.next");
  await activates(other);
  await expect(page.locator("main")).toContainText("7F3K-2219");

  // the third is of another model: it is told so before it is sent, and by the registry if it is sent all the same
  const stranger = await at(3, page, t, third, scripts);
  await answersUpToTheCluster(stranger, page, await newCode(site));
  await expect(page.locator("main")).toContainText(t("no_peer.other_model", { model: "B-012" }));
  await page.locator("#name").fill("box-b1");
  await page.locator("#association-manual").check();
  await page.locator("input[name=place][value$=':7F3K-2220']").check({ force: true });
  await stranger.press("activate.next");
  await expect(page.getByRole("alert").first()).toContainText(t("no_peer.other_model", { model: "B-012" }));

  // the cluster is removed when it is empty, and not before
  // still signed in for the fleet, in this session
  await first.open("/cluster");
  await page.getByRole("link", { name: "plant-2" }).click();
  await expect(page.locator("table")).toContainText("box-a2");
  await page.getByRole("link", { name: t("cluster.remove_cluster") }).click();
  await first.press("cluster.act_cluster_go");
  await expect(page.getByRole("alert").first()).toContainText("7F3K-2219");
  for (const serial of ["7F3K-2219", "7F3K-2220"]) {
    for (const act of ["remove", "force"]) {
      await first.open(`/cluster/do/${act}/${serial}`);
      if (act === "force") await page.locator("#sure-yes").check();
      await first.press(`cluster.act_${act}_go`);
      await first.sees("cluster.done");
    }
  }
  const [cluster] = await site.fleet<{ id: string }[]>("cluster", "list");
  await first.open(`/cluster/do/cluster/${cluster!.id}`);
  await first.press("cluster.act_cluster_go");
  await first.sees("cluster.done");
  expect(await site.fleet("cluster", "list")).toEqual([]);
});

test("a registry that is away takes nothing back: the activation waits, over a restart, and goes on by itself", async ({
  page,
  t,
  site,
  scripts,
}) => {
  test.setTimeout(120_000);
  const person = await at(1, page, t, site, scripts);
  await answersUpToTheCluster(person, page, await newCode(site));
  await page.locator("#name").fill("box-a1");
  await page.locator("#association-none").check();
  await person.press("activate.next");
  await person.isAt("activate.review");
  await site.reachRegistry(false);
  await person.press("activate.go");
  await expect(page.getByText(t("activate.waiting")).first()).toBeVisible({ timeout: 40_000 });
  await expect(page.locator("main")).toContainText("2026-");
  await site.kill("agent");
  await site.ready();
  await site.reachRegistry(true);
  await expect
    .poll(async () => (await site.shell("gatehouse activate --status --json || true")).includes('"stage": "active"'), { timeout: 60_000 })
    .toBe(true);
  await person.open("/activate");
  await person.sees("activate.done");
});

test("codes that are none are said, and change nothing", async ({ page, t, site, scripts }) => {
  const person = await at(1, page, t, site, scripts);
  await answersUpToTheCode(person, page);
  const good = await newCode(site);
  for (const [typed, said] of [
    ["", "malformed.empty"],
    [good.slice(0, -9), "malformed.cut_off"],
    ["0000 0000 0000 0000", "fault.no_preset"],
  ] as const) {
    await page.locator("#code").fill(typed);
    await page.locator("form[action='/activate/code'] button").last().click();
    await expect(page.getByRole("alert").first()).toContainText(t(said));
  }
  // a picture without a code
  await page.locator("#file-code").setInputFiles({ name: "p.png", mimeType: "image/png", buffer: PIXEL });
  await person.press("activate.file_go");
  await expect(page.getByRole("alert").first()).toContainText(t("activate.photo_none"));
  expect(await site.shell("gatehouse activate --status")).toContain("not activated");
});

/** White, 1 by 1. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==",
  "base64",
);

test("without a network: a request goes out, an answer comes back, and only once", async ({ page, t, site, scripts }) => {
  const person = await at(1, page, t, site, scripts);
  await person.open("/activate/offline");
  await person.press("activate.offline_make");
  await expect(page.locator("svg.qr")).toBeVisible();
  const request = await page.locator("#request").inputValue();
  expect(request).toMatch(/^GH1R\./);
  const photo = await page.locator("svg.qr").screenshot();
  await page.locator("#answer").fill("GH1A.AAAA.BBBB");
  await person.press("activate.offline_use");
  await person.sees("fault.brought");

  // an administrator answers it at another box, which knows the registry by a code
  const [second] = site.others as [Box];
  const admin = await at(2, page, t, second, scripts);
  await answersUpToTheCluster(admin, page, await newCode(site));
  await signsInForTheFleet(admin, page);
  await admin.open("/cluster/by-hand");
  // the request as a picture of its QR code; it says the same
  await page.locator("#photo-request").setInputFiles({ name: "request.png", mimeType: "image/png", buffer: photo });
  await admin.press("activate.photo_go");
  expect(await page.locator("#request").inputValue()).toBe(request);
  await page.locator("#name").fill("box-a1");
  await admin.press("cluster.hand_go");
  const answer = await page.locator("#answer").inputValue();
  expect(answer).toMatch(/^GH1A\./);

  await person.open("/activate/offline");
  await page.locator("#file-answer").setInputFiles({ name: "answer.txt", mimeType: "text/plain", buffer: Buffer.from(answer) });
  await person.press("activate.file_go");
  await expect(page.getByText(t("activate.done")).first()).toBeVisible({ timeout: 30_000 });
  expect((await site.run("hostname")).trim()).toBe("box-a1");
});
