import { AxeBuilder } from "@axe-core/playwright";
import { AWAY, expect, test } from "../fixtures/test.js";
import { STATES } from "../fixtures/states.js";
import { Technician } from "../fixtures/technician.js";

const WIDTHS = [320, 768, 1280];

for (const { name, reach, fresh } of STATES) {
  test(`${name}: no barrier in light and dark, narrow and wide`, async ({ page, box, t, lang, complaints }) => {
    complaints.expected(AWAY);
    const visitor = new Technician(page, t, box, true);
    if (!fresh) await visitor.setPasswordOnConsole();
    await reach(visitor, page, box);

    await expect(page.locator("html")).toHaveAttribute("lang", lang);
    await expect(page.locator("h1")).toHaveCount(1);
    await expect(page).toHaveTitle(/ – Gatehouse$/);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        // Without frames to look into there is no need for the page of its own in which axe puts results together.
        const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"], elementRef: false });
        // A colour scheme changes colours and nothing else.
        const { violations } = await (colorScheme === "dark" ? axe.withRules("color-contrast") : axe).analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
        expect.soft(found, `${colorScheme}, ${width} px`).toEqual([]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect.soft(wide, `sideways scrolling at ${width} px`).toBe(0);
      }
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect.soft(await page.evaluate(smallTargets), "targets under 44 px").toEqual([]);
  });
}

/** Buttons and fields that a finger misses. Links within a text are as high as their line. */
function smallTargets(): string[] {
  return [...document.querySelectorAll<HTMLElement>("button, a.button, nav a, input:not([type=hidden]), summary")]
    .filter((element) => element.checkVisibility())
    .map((element) => element.closest("label") ?? element)
    .filter((element) => element.getBoundingClientRect().height < 43.5)
    .map((element) => element.outerHTML.slice(0, 80));
}
