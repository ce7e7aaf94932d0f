// Twenty seconds of the soak: mixed traffic from many tenants while keys rotate and key servers fail. What memory does takes
// minutes to tell: `npm run soak`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf, soak } from "../soak/run.mjs";

test("twenty seconds of mixed traffic from many tenants bring no wrong and no lost answer", {
  timeout: 180_000,
}, async () => {
  const result = await soak({ seconds: 20, tenants: 64, lanes: 4 });
  assert.deepEqual(result.wrong, []);
  assert.deepEqual(faultsOf(result), []);
  assert.ok(result.faults > 0 && result.fetches >= 64 && result.refreshes > 0, JSON.stringify(result.counts));
  for (const [name, count] of Object.entries(result.counts)) assert.ok(count > 0, name);
});

test("an answer that is wrong, or lost, or memory that grew, is no pass", () => {
  const memory = { counts: true, first: 100, last: 102, growth: 0.02 };
  const good = { sent: 1, refreshes: 1, wrongCount: 0, lost: 0, memory };
  assert.deepEqual(faultsOf(good), []);
  const faulty = [
    { sent: 0 },
    { refreshes: 0 },
    { wrongCount: 1 },
    { lost: 1 },
    { memory: { ...memory, growth: 0.0201 } },
    { memory: { ...memory, growth: undefined } },
  ];
  for (const change of faulty) assert.equal(faultsOf({ ...good, ...change }).length, 1, JSON.stringify(change));
});
