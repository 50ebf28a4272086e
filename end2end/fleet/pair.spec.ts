// Two boxes become a pair, an application runs on the active one, its power is cut, and the other one shows that it took over.

import type { Box } from "../fixtures/box.js";
import { at, newCode } from "../fixtures/fleet.js";
import { expect, test } from "../fixtures/test.js";

interface Status {
  phase: { phase: string };
  peer?: { heard?: { about: { fit: boolean } } };
}

// The smallest Debian has perl.
const SERVER = `use IO::Socket::INET;
my $door = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while (my $guest = $door->accept) { <$guest>; print $guest "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{GATEHOUSE_EPOCH}"; close $guest }`;
const MANIFEST = `name = "hello"
command = ["/usr/bin/perl", "server.pl"]
[[file]]
path = "server.pl"
[health]
check = { tcp = 8080 }
`;

const status = async (box: Box) => JSON.parse(await box.run("gatehouse", "pair", "show", "--json")) as Status;

async function becomes(box: Box, phase: string): Promise<void> {
  await expect.poll(async () => (await status(box)).phase.phase, { timeout: 60_000 }).toBe(phase);
}

test("a pair with an application, a power cut, and the time that the other box took", async ({ page, t, site, scripts }) => {
  test.setTimeout(240_000);
  const second = site.others[0]!;
  await site.fleet("cluster", "enable");
  const activate = async (box: Box, more: string) => {
    const code = await newCode(site);
    await box.ready();
    await box.shell(`echo '${code}' | gatehouse activate --code-file - --association manual ${more} --yes`);
  };
  await activate(site, "--name box-a1 --new-cluster plant-2 --peer 7F3K-2220");
  const clusters = await site.fleet<{ id: string }[]>("cluster", "list");

  // the first one waits for its peer, which is no alarm
  const person = await at(1, page, t, site, scripts);
  await person.open("/cluster/pair");
  await person.sees("pair.phase_awaiting", { peer: "7F3K-2220" });
  await activate(second, `--name box-a2 --cluster ${clusters[0]!.id} --peer 7F3K-2219`);
  await expect.poll(async () => (await status(site)).peer?.heard !== undefined, { timeout: 60_000 }).toBe(true);

  // a virtual IP that is none, one of another network, and one that is free
  await person.open("/cluster/pair");
  const saves = async (address: string) => {
    await page.locator("#address").fill(address);
    await person.press("pair.settings_save");
  };
  await saves("10.20.0.300");
  await expect(page.getByText(t("pair.bad_address")).first()).toBeVisible();
  await saves("10.99.0.100");
  await expect(page.getByRole("alert").first()).toContainText("10.99.0.100");
  await expect(page.locator("#address")).toHaveValue("10.99.0.100");
  await saves("10.20.0.100");
  await person.sees("pair.saved");

  const boxes = [site, second];
  let active = -1;
  await expect
    .poll(async () => (active = (await Promise.all(boxes.map(status))).findIndex((it) => it.phase.phase === "active")), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(0);
  const [here, there] = [boxes[active]!, boxes[1 - active]!];
  const administrator = await at(active + 1, page, t, here, scripts);
  await administrator.open("/applications");
  await administrator.sees("app.none");
  await page.locator("#manifest").fill(MANIFEST);
  await page.locator("#files").setInputFiles({ name: "server.pl", mimeType: "text/x-perl", buffer: Buffer.from(SERVER) });
  await administrator.press("app.add_go");
  await administrator.sees("app.added");
  await administrator.open("/applications/hello");
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(t("app.state_running")).first()).toBeVisible();
  }).toPass({ timeout: 30_000 });
  await expect.poll(async () => (await status(here)).peer?.heard?.about.fit, { timeout: 30_000 }).toBe(true);

  await here.power(false);
  await becomes(there, "active");
  const other = await at(2 - active, page, t, there, scripts);
  await other.open("/cluster/pair");
  await other.sees("pair.phase_active");
  const last = page.locator("table tbody tr").first();
  await expect(last).toContainText(t("pair.kind_failover"));
  await expect(async () => {
    await page.reload();
    await expect(last).toContainText(/hello.*\d+ ms/);
  }).toPass({ timeout: 30_000 });
  await other.open("/applications");
  await expect(page.getByText(t("app.state_running")).first()).toBeVisible();

  // what comes back is standby
  await here.power(true);
  await here.ready();
  await becomes(here, "standby");
});
