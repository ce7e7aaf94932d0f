// The token service's results as text, a table for each part that was measured. Pure; rounds, and judges nothing.

import { columns, digits } from "../report.mjs";

/** What a store is called, and what its operations are. */
const STORES = {
  memory: ["memory", "calls of it"],
  durable: ["Durable Objects in workerd, asked from Node over HTTP", "requests to objects"],
  dynamodb: ["DynamoDB: the AWS SDK, a proxy, moto", "API calls"],
};

const BAND = ["median", "p10", "p90"];
const cells = ({ median, p10, p90 }) => [median, p10, p90].map(digits);

export function report({ environment, settings, refreshes, steps, signing, gated, object }) {
  const { node, cpu, cores, os, load } = environment;
  return [
    `Node ${node}, ${cpu} (${cores} cores), ${os}; load ${load.map((at) => at.toFixed(1)).join(" to ")}`,
    `${settings.rounds} interleaved rounds; ${settings.refreshes} refreshes of a store in each`,
    "",
    ...refreshTable(refreshes),
    "",
    ...stepTable(steps, signing),
    ...(gated ? ["", ...gatedTable(gated)] : []),
    ...(object ? ["", ...objectTable(object)] : []),
  ].join("\n");
}

function refreshTable(refreshes) {
  const body = refreshes.map(({ store, ms, operations }) => {
    const [name, kind] = STORES[store];
    const each = Object.entries(operations).map(([operation, count]) => `${amount(count)} ${operation}`);
    return [name, ...cells(ms), `${each.join(", ")} (${kind})`];
  });
  return columns([["one refresh on each store, ms", ...BAND, "asks of it"], ...body], [0, 4]);
}

const amount = (count) => (Number.isInteger(count) ? String(count) : count.toFixed(2));

function stepTable(steps, signing) {
  return [
    ...columns([
      ["the core's steps of a refresh, package's module, µs", ...BAND],
      ...steps.map(({ name, us }) => [name, ...cells(us)]),
      ["signing both tokens: the difference of the last two", ...cells(signing)],
    ]),
    "A refresh takes the first five, in turn.",
  ];
}

function gatedTable({ off, on, path, keySet, difference }) {
  return columns([
    ["a request to the gate, Worker's core, in Node, µs", ...BAND],
    ["without the token service: the decision, ES256, key warm", ...cells(off)],
    ["with it", ...cells(on)],
    ["what it adds", ...cells(difference)],
    ["of that, is the request for the service", ...cells(path)],
    ["of that, the keys that the gate takes its tokens by", ...cells(keySet)],
  ]);
}

function objectTable(object) {
  return columns(
    [
      ["one user's object in workerd, a second", "its disk", ...BAND],
      ...object.map(({ what, disk, perSecond }) => [what, disk, ...cells(perSecond)]),
    ],
    [0, 1],
  );
}
