// What a page costs on the wire, with an empty cache.

import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/test.js";

// Only cold: where a person had to accept the box's certificate, Chromium keeps nothing of it in its cache.

test("the sign-in page costs at most 4 requests and 20 KB", async ({ technician, page }) => {
  const cost = await measure(page, () => technician.open("/login"));
  expect(cost.requests.length, cost.requests.join("\n")).toBeLessThanOrEqual(4);
  expect(cost.bytes, cost.requests.join("\n")).toBeLessThanOrEqual(20_000);
});

test("the network page costs at most 8 requests and 90 KB", async ({ technician, page, browser, context }) => {
  await technician.signIn();
  const cold = await browser.newContext({ ignoreHTTPSErrors: true, storageState: await context.storageState() });
  const fresh = await cold.newPage();
  const cost = await measure(fresh, async () => {
    await fresh.goto(`${technician.origin}/network`);
    await expect(fresh.locator("html[data-islands=ready]")).toBeAttached();
  });
  expect(cost.requests.length, cost.requests.join("\n")).toBeLessThanOrEqual(8);
  expect(cost.bytes, cost.requests.join("\n")).toBeLessThanOrEqual(90_000);
  await cold.close();
});

interface Cost {
  requests: string[];
  bytes: number;
}

/** Bytes as they went over the wire, headers and compression included. What the cache had is no request. */
async function measure(page: Page, act: () => Promise<void>): Promise<Cost> {
  const session = await page.context().newCDPSession(page);
  const urls = new Map<string, string>();
  const cost: Cost = { requests: [], bytes: 0 };
  const cached = new Set<string>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => urls.set(requestId, request.url));
  session.on("Network.requestServedFromCache", ({ requestId }) => cached.add(requestId));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (cached.has(requestId) || encodedDataLength === 0) return;
    cost.requests.push(`${urls.get(requestId)} ${encodedDataLength}`);
    cost.bytes += encodedDataLength;
  });
  await session.send("Network.enable");
  await act();
  await page.waitForLoadState("load");
  await session.detach();
  return cost;
}
