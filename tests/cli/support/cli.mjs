// Runs the installed command as a user does, and makes what it is given. Checks nothing.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

/** The folder of the stranger who installed the tarball. */
export const home = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
/** The command. */
export const bin = join(home, "node_modules", ".bin", "tollgate");

/** No command takes as long, in milliseconds. */
const LIMIT = 120_000;

/**
 * Runs `tollgate` with these arguments.
 *
 * @param options.input what standard input says; closed without it
 * @returns exit code, standard output and standard error
 */
export function tollgate(args, options = {}) {
  return command(process.execPath, [bin, ...args], options);
}

/** Runs any command. */
export function command(file, args, { input = "", cwd = home, env = process.env } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(file, args, { cwd, env, timeout: LIMIT });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", failed);
    child.on("close", (code) => done({ code, stdout, stderr, json: () => JSON.parse(stdout) }));
    // A command that is refused before it reads closes the pipe.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

const folders = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own with these files; an object becomes JSON. */
export function folderWith(files = {}) {
  const folder = mkdtempSync(join(home, "cli-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}

const servers = [];
after(() => {
  for (const server of servers) server.close();
});

/** Serves texts on the loopback; a path that is not among them is a 404. */
export async function serve(texts) {
  const server = createServer((request, response) => {
    const text = texts[request.url];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  servers.push(server);
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${server.address().port}`;
}
