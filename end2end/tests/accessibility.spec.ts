import { AWAY, expect, test } from "../fixtures/test.js";
import { hasNoBarriers } from "../fixtures/barriers.js";
import { STATES } from "../fixtures/states.js";
import { Technician } from "../fixtures/technician.js";

for (const { name, reach, fresh } of STATES) {
  test(`${name}: no barrier in light and dark, narrow and wide`, async ({ page, box, t, lang, complaints }) => {
    complaints.expected(AWAY);
    const visitor = new Technician(page, t, box, true);
    if (!fresh) await visitor.setPasswordOnConsole();
    await reach(visitor, page, box);
    await hasNoBarriers(page, lang);
  });
}
