// The pages of activation and fleet as people with a keyboard, a screen reader, a small screen or a dark room have them.

import type { Box } from "../fixtures/box.js";
import { hasNoBarriers } from "../fixtures/barriers.js";
import { activates, at, newCode, signsInForTheFleet, typesTheCode } from "../fixtures/fleet.js";
import { tabTo } from "../fixtures/keyboard.js";
import { expect, test } from "../fixtures/test.js";

test("no page of the wizard or the fleet has a barrier", async ({ page, t, site, lang, scripts }) => {
  test.setTimeout(240_000);
  const [second, third] = site.others as [Box, Box];
  await site.fleet("cluster", "enable");
  // two of a cluster: what the third box and the fleet's pages show
  const [cluster] = await makesAPair(site, second);

  const person = await at(3, page, t, third, scripts);
  const looks = (name: string) => hasNoBarriers(page, lang, name);
  await person.open("/activate");
  await looks("start");
  for (const question of ["kind", "power", "cable"]) {
    await person.open(`/activate/${question}`);
    await looks(question);
    if (question === "kind") await page.locator("#kind-new").check();
    await person.press(question === "kind" ? "activate.next" : `activate.${question}_yes`);
  }
  await person.press("activate.check_go");
  await expect(person.button("activate.again")).toBeVisible({ timeout: 20_000 });
  await looks("check");
  await person.press("activate.check_skip");
  await page.locator("form[action='/activate/code'] button").last().click();
  await looks("code, refused");
  await typesTheCode(person, page, await newCode(site));
  await person.isAt("activate.confirm");
  await looks("confirm");
  await person.press("activate.confirm_yes");
  await person.isAt("activate.cluster");
  await looks("cluster");
  await page.locator("#association-manual").check();
  await page.locator(`input[name=place][value^='${cluster}:']`).first().check({ force: true });
  await person.press("activate.next");
  await looks("cluster, refused");
  await page.locator("#name").fill("box-b1");
  await page.locator("#association-none").check();
  await person.press("activate.next");
  await person.isAt("activate.review");
  await looks("review");
  await activates(person);
  await looks("done");
  await person.open("/cluster");
  await looks("cluster of its own: none");
  await signsInForTheFleet(person, page);
  for (const path of [`/cluster`, `/cluster/of/${cluster}`, `/cluster/do/cluster/${cluster}`, "/cluster/codes", "/cluster/boxes", "/cluster/by-hand"]) {
    await person.open(path);
    await looks(path);
  }
  await person.open("/cluster/codes");
  await person.press("cluster.code_go");
  await expect(page.locator("svg.qr")).toBeVisible();
  await looks("a code");
});

/** By their command lines, in a new cluster. */
async function makesAPair(first: Box, second: Box): Promise<string[]> {
  const activate = async (box: Box, more: string) => {
    const code = await newCode(first);
    await box.ready();
    await box.shell(`echo '${code}' | gatehouse activate --code-file - --association manual ${more} --yes`);
  };
  await activate(first, "--name box-a1 --new-cluster plant-2");
  const clusters = await first.fleet<{ id: string }[]>("cluster", "list");
  await activate(second, `--name box-a2 --cluster ${clusters[0]!.id} --peer 7F3K-2219`);
  return clusters.map((cluster) => cluster.id);
}

test("the wizard with the keyboard alone", async ({ page, t, site, scripts }) => {
  test.setTimeout(120_000);
  const person = await at(1, page, t, site, scripts);
  const code = await newCode(site);
  const enter = () => page.keyboard.press("Enter");
  await person.open("/activate");
  await tabTo(page, 'a.button[href="/activate/kind"]');
  await enter();
  await person.isAt("activate.kind");
  await person.islands();
  await tabTo(page, "#kind-new");
  await page.keyboard.press("Space");
  await enter();
  for (const question of ["power", "cable"]) {
    await person.isAt(`activate.${question}`);
    await person.islands();
    await tabTo(page, `form[action="/activate/${question}"] button`);
    await enter();
  }
  await person.isAt("activate.check");
  await person.islands();
  await tabTo(page, 'button[value="on"]');
  await enter();
  await person.isAt("activate.code");
  await person.islands();
  await tabTo(page, "#code");
  await page.keyboard.insertText(code);
  await tabTo(page, 'form[action="/activate/code"] button');
  await enter();
  await person.isAt("activate.confirm");
  await person.islands();
  await tabTo(page, 'form[action="/activate/confirm"] button');
  await enter();
  await person.isAt("activate.cluster");
  await person.islands();
  await tabTo(page, "#name");
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText("box-a1");
  await enter();
  await person.isAt("activate.review");
  await person.islands();
  await tabTo(page, 'form[action="/activate/review"] button');
  await enter();
  await expect(page.getByText(t("activate.done")).first()).toBeVisible({ timeout: 30_000 });
});
