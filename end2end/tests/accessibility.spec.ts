import type axe from "axe-core";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { AWAY, expect, test } from "../fixtures/test.js";
import { STATES } from "../fixtures/states.js";
import { Technician } from "../fixtures/technician.js";

const WIDTHS = [320, 768, 1280];
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

for (const { name, reach, fresh } of STATES) {
  test(`${name}: no barrier in light and dark, narrow and wide`, async ({ page, box, t, lang, complaints }) => {
    complaints.expected(AWAY);
    const visitor = new Technician(page, t, box, true);
    if (!fresh) await visitor.setPasswordOnConsole();
    await reach(visitor, page, box);

    await expect(page.locator("html")).toHaveAttribute("lang", lang);
    await expect(page.locator("h1")).toHaveCount(1);
    await expect(page).toHaveTitle(/ – Gatehouse$/);
    await page.evaluate(await readFile(AXE, "utf8"));
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        // A colour scheme changes colours and nothing else.
        const found = await barriers(page, colorScheme === "dark" ? ["color-contrast"] : undefined);
        expect.soft(found, `${colorScheme}, ${width} px`).toEqual([]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect.soft(wide, `sideways scrolling at ${width} px`).toBe(0);
      }
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect.soft(await page.evaluate(smallTargets), "targets under 44 px").toEqual([]);
  });
}

/** What axe finds by these rules, or by all. */
async function barriers(page: Page, rules?: string[]): Promise<string[]> {
  return page.evaluate(async (rules) => {
    const options: axe.RunOptions = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(options);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  }, rules);
}

/** Buttons and fields that a finger misses. Links within a text are as high as their line. */
function smallTargets(): string[] {
  return [...document.querySelectorAll<HTMLElement>("button, a.button, nav a, input:not([type=hidden]), summary")]
    .filter((element) => element.checkVisibility())
    .map((element) => element.closest("label") ?? element)
    .filter((element) => element.getBoundingClientRect().height < 43.5)
    .map((element) => element.outerHTML.slice(0, 80));
}
