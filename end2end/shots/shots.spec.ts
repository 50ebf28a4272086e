// Pictures of each page in each state, into results/shots; those of the README into docs/pictures.
// npx playwright test --project=shots

import { AWAY, test } from "../fixtures/test.js";
import { STATES } from "../fixtures/states.js";
import { Technician } from "../fixtures/technician.js";
import { words } from "../fixtures/words.js";

/** State and language of the README's, and their size. */
const README: Record<string, [string, number, number]> = {
  "overview en": ["overview-en", 1280, 800],
  "overview zh-CN": ["overview-zh", 1280, 800],
  "plan-moves en": ["port-plan", 1280, 900],
  "change-asks en": ["change-countdown", 1280, 640],
  "overview-troubled en": ["phone", 360, 740],
};

for (const [lang, locale] of [
  ["en", "en-GB"],
  ["zh-CN", "zh-CN"],
] as const) {
  test.describe(lang, () => {
    test.use({ lang, locale });
    for (const { name, reach, fresh } of STATES) {
      test(name, async ({ page, box, complaints }) => {
        complaints.expected(AWAY);
        const visitor = new Technician(page, words(lang), box, true);
        if (!fresh) await visitor.setPasswordOnConsole();
        await reach(visitor, page, box);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          for (const width of [360, 1280]) {
            await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
            const path = `results/shots/${name}.${lang}.${width}.${colorScheme}.png`;
            await page.screenshot({ path, fullPage: true, animations: "disabled" });
          }
        }
        const picture = README[`${name} ${lang}`];
        if (picture) {
          const [file, width, height] = picture;
          await page.emulateMedia({ colorScheme: "light" });
          await page.setViewportSize({ width, height });
          await page.screenshot({ path: `../docs/pictures/${file}.png`, animations: "disabled" });
        }
      });
    }
  });
}
