// The support bundle of a box with systemd, opened: what support needs is in it, and nothing that would let anybody in.

import { execFileSync } from "node:child_process";
import { expect, test } from "../fixtures/test.js";
import { PASSWORD } from "../fixtures/technician.js";

const PROXY_PASSWORD = "the proxy alone knows it";

test("a support bundle is downloaded, opens, and has no secret in it", async ({ technician, page, box, context }) => {
  await box.shell(`echo '${PROXY_PASSWORD}' | gatehouse settings proxy http://10.20.0.1:3128 --user box --untested`);
  await technician.signIn();
  await technician.open("/system/support");
  const download = page.waitForEvent("download");
  await technician.press("support.go");
  const archive = await (await download).path();

  const unpack = (...options: string[]) => execFileSync("tar", [...options, "-zf", archive], { encoding: "utf8" });
  const names = unpack("-t");
  for (const name of ["readme.txt", "status.json", "network.toml", "kernel.txt", "system/meminfo", "files.txt"]) {
    expect(names).toContain(`/${name}\n`);
  }
  const content = unpack("-x", "-O");
  expect(content).toContain("10.20.0.15/24");
  expect(content).toContain("http://10.20.0.1:3128");

  const hash = JSON.stringify(await box.run("cat", "/var/lib/gatehouse/password"));
  const key = await box.run("cat", "/var/lib/gatehouse-web/certificates/192.168.100.198.key");
  const secrets = [PASSWORD, PROXY_PASSWORD, "$argon2", hash.slice(-24, -6), key.split("\n")[1]];
  for (const cookie of await context.cookies()) if (cookie.httpOnly) secrets.push(cookie.value);
  expect(secrets.length, "a session among them").toBeGreaterThan(5);
  for (const secret of [...secrets, "PRIVATE KEY"]) expect(content).not.toContain(secret);
});
