// The same tests in both languages, with and without scripts. `--project=shots` takes pictures instead.

import { defineConfig } from "@playwright/test";
import type { Options, WorkerOptions } from "./fixtures/test.js";

// In the environment, because the workers read this file again with arguments of their own.
if (process.argv.includes("--project=shots")) process.env.SHOTS = "1";
const shots = process.env.SHOTS === "1";
const en = { lang: "en", locale: "en-GB" } as const;
const zh = { lang: "zh-CN", locale: "zh-CN" } as const;
const plain = { javaScriptEnabled: false };
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const onlyWithScripts = [/scripts\.spec/, /accessibility\.spec/, /budget\.spec/];
/** What the language has no part in runs once. */
const anyLanguage = [/old-connection\.spec/, /budget\.spec/];

const projects = [
  { name: "en", use: en },
  { name: "zh", use: zh, testIgnore: anyLanguage },
  { name: "en without scripts", use: { ...en, ...plain }, testIgnore: [...onlyWithScripts, ...anyLanguage] },
  // What only a box with systemd can do.
  { name: "lab", testDir: "lab", use: { ...zh, kind: "debian" } },
  // With ModemManager and a modem.
  { name: "cellular", testDir: "cellular", use: { ...en, kind: "cellular" } },
  { name: "cellular on a phone, zh, without scripts", testDir: "cellular", testIgnore: onlyWithScripts, use: { ...zh, ...plain, ...phone, kind: "cellular" } },
  // Three boxes and a registry.
  { name: "fleet", testDir: "fleet", use: { ...en, kind: "fleet" } },
  { name: "fleet on a phone, zh, without scripts", testDir: "fleet", testIgnore: onlyWithScripts, use: { ...zh, ...plain, ...phone, kind: "fleet" } },
  // The same power cut, of boxes with systemd.
  { name: "pair of booted boxes", testDir: "fleet", testMatch: /pair\.spec/, use: { ...en, kind: "pair" } },
  // Each page and each answer, but not each failure once more.
  { name: "zh without scripts", use: { ...zh, ...plain }, testMatch: [/(first-visit|sign-in|port-form|keep|network-test|settings|power|reset|certificate|access|alarms)\.spec/] },
];

export default defineConfig<Options, WorkerOptions>({
  testDir: "tests",
  outputDir: "results/output",
  // A box and a browser each.
  workers: 2,
  fullyParallel: true,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reportSlowTests: { max: 10, threshold: 15_000 },
  use: { ignoreHTTPSErrors: true, actionTimeout: 10_000, navigationTimeout: 15_000 },
  projects: shots ? [{ name: "shots", testDir: "shots" }] : projects,
});
