// Remembers what each build step was made from, so that an unchanged step is skipped. Trusts contents, never dates.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { path, root, seconds, stateDirectory } from "./project.mjs";

/** Every file under the given files and folders, sorted; an absent one counts as no files. */
export function filesUnder(parts, { without = [] } = {}) {
  const out = [];
  const skipped = new Set(without.map((part) => path(part)));
  const visit = (place) => {
    if (skipped.has(place) || !existsSync(place)) return;
    if (statSync(place).isDirectory()) for (const name of readdirSync(place)) visit(join(place, name));
    else out.push(place);
  };
  for (const part of parts) visit(path(part));
  return out.sort();
}

function digestOf(files, extra) {
  const hash = createHash("sha256");
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`${relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.update(JSON.stringify(extra)).digest("hex");
}

/**
 * Runs `make` unless the step's inputs are as they were when it last succeeded and its outputs still stand.
 *
 * @param step.name what is printed and remembered
 * @param step.inputs files the outcome depends on
 * @param step.extra anything else it depends on, as JSON
 * @param step.outputs files that must exist afterwards
 */
export async function unlessFresh({ name, inputs, extra = null, outputs }, make) {
  mkdirSync(stateDirectory, { recursive: true });
  const record = join(stateDirectory, `${name}.sha256`);
  const before = digestOf(inputs, extra);
  const standing = outputs.every((file) => existsSync(file));
  if (standing && existsSync(record) && readFileSync(record, "utf8") === before) return false;
  rmSync(record, { force: true });
  const started = Date.now();
  console.log(`build: ${name}`);
  await make();
  // Taken before `make` ran: a file saved meanwhile makes the next run build again.
  writeFileSync(record, before);
  console.log(`build: ${name} is done (${seconds(started)})`);
  return true;
}

const LOCK = join(stateDirectory, "lock");

/** Holds the clone's build lock while `work` runs, so that two commands at once do not write one output. */
export async function alone(work) {
  // A command that we run may build too (wrangler's build command does): it is covered by our lock.
  if (process.env.TOLLGATE_BUILDING) return work();
  mkdirSync(stateDirectory, { recursive: true });
  for (let told = false; !take(); ) {
    if (!told) console.log("build: waiting for another build in this clone");
    told = true;
    await new Promise((wake) => setTimeout(wake, 250));
  }
  process.env.TOLLGATE_BUILDING = "1";
  const release = () => rmSync(LOCK, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    delete process.env.TOLLGATE_BUILDING;
    release();
  }
}

/** Takes the lock, or breaks one whose owner is gone. */
function take() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    process.kill(Number(readFileSync(LOCK, "utf8")) || process.pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") rmSync(LOCK, { force: true });
  }
  return false;
}
