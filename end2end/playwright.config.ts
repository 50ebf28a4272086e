// The same tests in both languages, with and without scripts. `--project=shots` takes pictures instead.

import { defineConfig } from "@playwright/test";
import type { Options } from "./fixtures/test.js";

// In the environment, because the workers read this file again with arguments of their own.
if (process.argv.includes("--project=shots")) process.env.SHOTS = "1";
const shots = process.env.SHOTS === "1";
const projects = [
  { name: "en", use: { lang: "en", locale: "en-GB" } },
  { name: "zh", use: { lang: "zh-CN", locale: "zh-CN" } },
  { name: "en without scripts", use: { lang: "en", locale: "en-GB", javaScriptEnabled: false } },
  { name: "zh without scripts", use: { lang: "zh-CN", locale: "zh-CN", javaScriptEnabled: false } },
] as const;

export default defineConfig<Options>({
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
  projects: shots
    ? [{ name: "shots", testDir: "shots" }]
    : projects.map(({ name, use }) => ({
        name,
        use,
        // What is about scripts, and what holds in every language alike.
        testIgnore: "javaScriptEnabled" in use ? [/scripts\.spec/, /accessibility\.spec/, /budget\.spec/] : [],
      })),
});
