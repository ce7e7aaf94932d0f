// What the commands read and print. Writes no file, and keeps what it reads to itself.

import { existsSync, readFileSync } from "node:fs";
import { isatty } from "node:tty";
import type { Command } from "commander";
import { memberOf, Text } from "./place.js";

/** What a command exits with. */
export const GOOD = 0;
export const REFUSED = 1;
export const MISUSED = 2;

/** Called wrongly, or something could not be read: exit code 2. */
export class Misuse extends Error {}

/** The largest key set that is fetched to be looked at, in bytes: sixteen times what a verifier takes. */
const MAX_FETCHED_BYTES = 1024 * 1024;
const FETCH_MILLISECONDS = 10_000;
/** After so long, in milliseconds, somebody at a terminal is told what is waited for. */
const PROGRESS_MILLISECONDS = 700;

/** The text of a file, or of standard input for `-`. */
export function readText(file: string): string {
  // Not process.stdin, which would make a pipe's reading fail where its writer is slower.
  if (file === "-" && isatty(0)) note("reading standard input; Ctrl-D ends it");
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new Misuse(`${nameOf(file)}: can't be read: ${why}`);
  }
}

export const nameOf = (file: string): string => (file === "-" ? "standard input" : file);

/** A file of JSON; what is wrong with the text is said with its place. */
export function readJson(file: string): unknown {
  return jsonOf(readText(file), nameOf(file));
}

/** @param name what the text is called in the error */
export function jsonOf(source: string, name: string): unknown {
  const text = new Text(source);
  const [fault] = text.faults;
  if (fault !== undefined) {
    const { place, problem, mend, way } = fault;
    throw new Misuse(`${name}:${place.line}:${place.column} ${memberOf(way)}: ${problem}; ${mend}`.replace(" : ", " "));
  }
  if (text.root === undefined) throw new Misuse(`${name}: is empty`);
  return text.value();
}

export const isUrl = (source: string): boolean => /^https?:\/\//.test(source);

/** The text of a file, of standard input, or of an address. */
export async function readSource(source: string): Promise<string> {
  if (!isUrl(source)) return readText(source);
  const url = URL.canParse(source) ? new URL(source) : undefined;
  const isLoopback = url !== undefined && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
  if (url === undefined || (url.protocol !== "https:" && !isLoopback)) {
    throw new Misuse(`${source}: expected an https URL (http only to loopback)`);
  }
  return withProgress(`fetching ${source}`, fetchText(source));
}

async function fetchText(source: string): Promise<string> {
  try {
    const response = await fetch(source, { redirect: "manual", signal: AbortSignal.timeout(FETCH_MILLISECONDS) });
    if (response.status !== 200) throw new Misuse(`${source}: answered ${response.status}, and 200 was expected`);
    let text = "";
    let size = 0;
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    for await (const part of response.body ?? []) {
      size += part.byteLength;
      if (size > MAX_FETCHED_BYTES) throw new Misuse(`${source}: is longer than ${MAX_FETCHED_BYTES} bytes`);
      text += decoder.decode(part, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof Misuse) throw error;
    const { cause, message } = error as Error;
    throw new Misuse(`${source}: can't be fetched: ${cause instanceof Error ? cause.message : message}`);
  }
}

/** Waits, and tells a terminal what for when it takes long. */
export async function withProgress<Result>(what: string, work: Promise<Result>): Promise<Result> {
  if (!process.stderr.isTTY) return work;
  let told = false;
  const timer = setTimeout(() => {
    told = true;
    process.stderr.write(`${shown(what)} …`);
  }, PROGRESS_MILLISECONDS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (told) process.stderr.write("\r\u001b[K");
  }
}

/** A line that replaces itself, for work that can be counted. Nothing where standard error is no terminal. */
export function progressLine(): { tell(what: string): void; end(): void } {
  const started = Date.now();
  let told = 0;
  const isDue = () => Date.now() - Math.max(told, started) > PROGRESS_MILLISECONDS;
  return {
    tell(what) {
      if (!process.stderr.isTTY || !isDue()) return;
      told = Date.now();
      process.stderr.write(`\r\u001b[K${shown(what)} …`);
    },
    end() {
      if (told > 0) process.stderr.write("\r\u001b[K");
    },
  };
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(shown(JSON.stringify(value, null, 2)));
}

/** Something beside the answer, for whoever watches. */
export function note(text: string): void {
  process.stderr.write(`${shown(text)}\n`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal must not be given
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A text as a terminal may be given it: what would steer it, or turn the text around, is written as an escape. */
export function shown(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The time that `--now` gives: seconds since 1970, or a date with its time zone. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : isDate ? Date.parse(text) / 1000 : Number.NaN;
  if (!Number.isFinite(seconds))
    throw new Misuse("--now: expected seconds since 1970, or a date such as 2026-01-31T12:00:00Z");
  return Math.floor(seconds);
}

/** A number of seconds since 1970 as a date. */
export function dateOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString().replace(".000Z", "Z");
}

/** The help of a command ends with an example. */
export function example(command: Command, ...lines: string[]): Command {
  return command.addHelpText(
    "after",
    `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  ${line}`).join("\n")}`,
  );
}

/** The configuration that is meant where none is named. */
export function defaultConfig(): string | undefined {
  return existsSync("tollgate.json") ? "tollgate.json" : undefined;
}
