// Refreshes on each store, whole calls of the service in this process, and what each asks of its store, as it is counted
// where it arrives. Opens the stores as the tests do; judges no answer but that it is a new pair.

import { Trouble } from "../../scripts/project.mjs";
import { makeService } from "../../tests/tokens/support/service.mjs";
import { openStore } from "../../tests/tokens/support/stores.mjs";

const WARM_UP = 20;

/**
 * Opens a store with a session on it.
 *
 * @param name as `--only` takes it
 * @param keep called with what has to be stopped
 * @returns `turn()`, some refreshes of the session, ms; and `operations()`, how many of which there were so far
 */
export async function openRefreshes(name, refreshes, keep) {
  const opened = keep(await openStore(name));
  const { driver, login, calls } = makeService({ store: opened.store });
  let token = (await login()).refresh;
  const refresh = async () => {
    const started = performance.now();
    const answer = await driver.refresh(token);
    const took = performance.now() - started;
    if (answer.status !== 200) throw new Trouble(`a refresh on ${name} is answered ${answer.status} ${answer.error}`);
    token = answer.refresh;
    return took;
  };
  const turn = async () => {
    const took = [];
    while (took.length < refreshes) took.push(await refresh());
    return took;
  };
  for (let done = 0; done < WARM_UP; done += 1) await refresh();
  return { name, turn, operations: () => operationsOf(opened, calls) };
}

/** DynamoDB's as the proxy sees them, objects' as their Worker counts them, and memory's as the service calls it. */
async function operationsOf({ proxy, requests }, calls) {
  if (requests) return { ...(await requests()) };
  return counts(proxy ? proxy.calls.map(({ operation }) => operation) : calls.map(({ name }) => name));
}

function counts(names) {
  const counted = {};
  for (const name of names) counted[name] = (counted[name] ?? 0) + 1;
  return counted;
}

/** How many of each for one refresh. */
export function perRefresh(before, after, refreshes) {
  const added = Object.entries(after).map(([name, count]) => [name, (count - (before[name] ?? 0)) / refreshes]);
  return Object.fromEntries(added.filter(([, count]) => count > 0));
}
