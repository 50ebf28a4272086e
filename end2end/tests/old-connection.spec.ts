import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { given } from "../fixtures/box.js";
import { expect, test } from "../fixtures/test.js";
import { changeOnConsole, OLD, spec } from "../fixtures/technician.js";

test("a confirmation over a connection from before the change proves nothing", async ({ technician, page, box }) => {
  await technician.signIn(OLD);
  const [session] = (await page.context().cookies()).filter((cookie) => cookie.name === "__Host-session");
  const script = fileURLToPath(new URL("../fixtures/early.mjs", import.meta.url));
  const client = spawn(
    given("BOXES"),
    ["in-client", "--control", box.control, "--", "node", script, "10.20.0.15", "/network/change/confirm"],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("open");

  const { confirm, handoff } = await changeOnConsole(box, spec({ gateway: "10.20.0.77" }), 60);
  await box.shell("until gatehouse status --json | grep -q awaiting_confirm; do sleep 0.05; done");
  client.stdin.write(`Cookie: __Host-session=${session.value}; __Host-change=${confirm}.${handoff}\n`);
  // 403 with the reason; or cut off, where the box was faster: it closes what is older than the change
  expect(["403", "closed"]).toContain((await lines.next()).value);
  expect(JSON.parse(await box.run("gatehouse", "status", "--json")).network.transaction.open).not.toBeNull();
  client.kill();
});
