// The bench tab runs and draws, can be cancelled, and says what it measured. Judges no speed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, runBench, skip, start } from "./support/browser.mjs";

let world;
before(async () => {
  if (!skip) world = await start();
});
after(() => world?.stop());

test("the race runs, draws each round of four contestants, and lists the same numbers", { skip }, async () => {
  const page = await open(world);
  const { frame } = page;
  await runBench(frame);
  assert.equal(await frame.locator("#bench-plot .plot-lane").count(), 4);
  assert.equal(await frame.locator("#bench-plot .plot-dot").count(), 4 * 24);
  const rows = await frame.locator("#bench-table tbody tr").evaluateAll((all) => all.map((row) => row.textContent));
  assert.equal(rows.length, 4);
  for (const row of rows) {
    const [median, low, high] = [...row.matchAll(/([\d.,]+) µs/g)].map(([, number]) => Number(number.replace(",", "")));
    assert.ok(low > 0 && low <= median && median <= high, row);
  }
  assert.match(
    await frame.locator("#bench-said").textContent(),
    /^ES256: .* µs in WebAssembly, .* RS256: .* Arithmetic: relaxed-simd\.$/,
  );
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("the race can be cancelled, and started again", { skip }, async () => {
  const page = await open(world);
  const { frame } = page;
  await frame.getByRole("tab", { name: "Bench" }).click();
  await frame.getByRole("button", { name: "Start" }).click();
  await frame.getByRole("button", { name: "Cancel" }).click();
  await frame.locator("#bench-said", { hasText: "Cancelled." }).waitFor();
  assert.equal(await frame.locator("#bench-plot svg").count(), 0);
  assert.equal(await frame.getByRole("button", { name: "Cancel" }).isDisabled(), true);
  await frame.getByRole("button", { name: "Run again" }).click();
  await frame.locator("#bench-plot svg").waitFor({ timeout: 60_000 });
  await page.close();
});
