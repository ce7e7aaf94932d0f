// In a process of its own: what a call takes, of cores of one kind and of several sizes in turn. Prints JSON.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { path, Trouble } from "../../scripts/project.mjs";
import { KINDS } from "../scale/worlds.mjs";
import { inRounds } from "../service/rounds.mjs";

const { kind, sizes, rounds, calls } = JSON.parse(readFileSync(0, "utf8"));
/** A key gets its table over some forty checks, and the engine takes longer to make up its mind. */
const WARM_UP_CALLS = 2_048;
const SLICES = 5;

const { createGate, createVerifier } = await import(pathToFileURL(path("dist", "npm", "index.js")).href);

/** Every question is asked once before the clock starts, and must be answered with yes: a token that is refused throws. */
function armOf(size) {
  const { make, world } = KINDS[kind];
  const { config, asks } = world(size);
  const core = make === "gate" ? createGate(config) : createVerifier(config);
  const ask = make === "gate" ? (request) => core.checkSync(request) : (token) => core.verifySync(token);
  for (const one of asks) {
    const { outcome, code } = ask(one);
    if (make === "gate" && outcome !== "allow") throw new Trouble(`${kind} of ${size}: ${code} instead of an allow`);
  }
  let next = 0;
  const call = () => {
    ask(asks[next]);
    next = (next + 1) % asks.length;
  };
  for (let done = 0; done < WARM_UP_CALLS; done += 1) call();
  return { name: size, turn: () => [leastOf(call)] };
}

/** µs a call: the least of a few slices, so that one in which another program had the processor does not count. */
function leastOf(call) {
  const slice = () => {
    const started = performance.now();
    for (let done = 0; done < calls; done += 1) call();
    return ((performance.now() - started) * 1000) / calls;
  };
  return Math.min(...Array.from({ length: SLICES }, slice));
}

const samples = await inRounds(sizes.map(armOf), rounds);
console.log(JSON.stringify({ samples }));
