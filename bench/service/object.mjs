// What one user's Durable Object takes in workerd: refreshes through the whole Worker over HTTP, and rotations of its store
// from a Worker beside it. The client is in this process, so both share the machine. Judges no number.

import { existsSync } from "node:fs";
import { login, refresh } from "../../demo/sessions.mjs";
import { Trouble } from "../../scripts/project.mjs";
import { worker } from "../../tests/workerd/support/gate.mjs";
import { firstRecord, rotated, startStore, storageFolder } from "../../tests/workerd/support/store.mjs";
import { startTokens } from "../../tests/workerd/support/tokens.mjs";

/** Of one user, each with a client of its own. */
export const SESSIONS = 16;
export const ROTATIONS = 100;
/** How long a turn goes on beginning refreshes. */
const TURN_MS = 250;

const MEMORY_DISK = "/dev/shm";

/** Where the objects' disk is: a label, and a place for the folder, which is the temporary folder where there is none. */
export const DISKS = [{ disk: "temporary folder" }, { disk: MEMORY_DISK, place: MEMORY_DISK }];

/** @returns arms for `inRounds`, whose samples are operations a second; each has a `disk` and `what` it does */
export async function objectArms(keep) {
  const disks = DISKS.filter(({ place }) => place === undefined || existsSync(place));
  const arms = [];
  for (const { disk, place } of disks) {
    const on = [...(await refreshArms(place, keep)), ...(await rotationArms(place, keep))];
    arms.push(...on.map((arm) => ({ ...arm, disk, name: `${arm.what}, ${disk}` })));
  }
  // Connections, isolates and objects are there, and the engine has compiled.
  for (const { turn } of arms) for (let times = 0; times < 2; times += 1) await turn();
  return arms;
}

/** The whole Worker, whose entitlements answer in the same workerd. */
async function refreshArms(place, keep) {
  const storage = keep(storageFolder(place)).folder;
  const behind = [worker("members", "demo/entitlements/entitlements.ts")];
  const { port, client } = keep(
    await startTokens({ storage, behind, bindings: { ENTITLEMENTS: { service: "members" } } }),
  );
  const pairs = [];
  while (pairs.length < SESSIONS) pairs.push(await login(port, client, "ann", "acme"));
  /** Each session's client asks for the next pair when it has one. */
  const load = (sessions) => async () => {
    const started = performance.now();
    let done = 0;
    const lane = async (session) => {
      while (performance.now() - started < TURN_MS) {
        pairs[session] = await refresh(port, client, pairs[session]);
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: sessions }, (_, session) => lane(session)));
    return [(done * 1000) / (performance.now() - started)];
  };
  return [
    { what: "refreshes over HTTP, one after the other", turn: load(1) },
    { what: `refreshes over HTTP, ${SESSIONS} sessions at once`, turn: load(SESSIONS) },
  ];
}

/** The store alone: `rotate`, which is a request to the user's object and one to the tenant's. */
async function rotationArms(place, keep) {
  const store = keep(await startStore({ storage: keep(storageFolder(place)).folder }));
  const { user, tenant } = firstRecord();
  const records = Array.from({ length: ROTATIONS }, () => firstRecord({ user, tenant }));
  for (const record of records) await store.create(record);
  /** The calls that rotate the sessions in turn; each is then one further. */
  const calls = (sessions) =>
    sessions.map((session) => {
      const { version } = records[session];
      records[session] = rotated(records[session]);
      return ["rotate", version, records[session]];
    });
  const rotate = (send, sessions) => async () => {
    const asked = calls(sessions);
    const started = performance.now();
    const outcomes = await send(asked);
    const took = performance.now() - started;
    const failed = outcomes.find(({ value }) => value?.done !== true);
    if (failed) throw new Trouble(`a rotation in workerd ends in ${JSON.stringify(failed)}`);
    return [(asked.length * 1000) / took];
  };
  return [
    { what: "rotations of the store, one after the other", turn: rotate(store.inTurn, Array(ROTATIONS).fill(0)) },
    { what: `rotations of the store, ${ROTATIONS} at once`, turn: rotate(store.all, [...records.keys()]) },
  ];
}
