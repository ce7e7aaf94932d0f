// Each adapter in its real framework and runtime, in front of the same API. Starts servers on the loopback, and judges nothing.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { serve, upgradeWebSocket } from "@hono/node-server";
import connect from "connect";
import { build } from "esbuild";
import express from "express";
import express4 from "express4";
import { Hono } from "hono";
import { tollgate as forExpress } from "tollgate/express";
import { tollgate as forHono } from "tollgate/hono";
import { WebSocketServer } from "ws";
import { startWorkerd } from "../../../demo/workerd.mjs";
import { handle as handleNode } from "./node-handler.mjs";
import { echo, handle as handleWeb } from "./web-handler.mjs";

/** node:http's server of a listener, on a free port. */
export async function listening(listener) {
  const server = createServer(listener);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { port: server.address().port, stop: () => stopped(server) };
}

const stopped = (server) =>
  new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  });

// Four parameters make it an error handler.
const onError = (error, _request, response, _next) => {
  response.statusCode = 500;
  response.end(`handled: ${error.message}`);
};

const behind = (app, config) => listening(app.use(forExpress(config)).use(handleNode).use(onError));

export function honoApp(config) {
  const app = new Hono();
  app.use(forHono(config));
  app.get("/api/socket", upgradeWebSocket(echo));
  app.all("*", (c) => handleWeb(c.req.raw, c.get("principal")));
  app.onError((error, c) => c.text(`handled: ${error.message}`, 500));
  return app;
}

export async function honoOnNode(app) {
  const server = await new Promise((ready) => {
    const websocket = { server: new WebSocketServer({ noServer: true }) };
    const made = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1", websocket }, () => ready(made));
  });
  return { port: server.address().port, stop: () => stopped(server) };
}

/** A Worker of this source in workerd, as wrangler would bundle it for there. `CONFIG` in it is the configuration. */
export async function inWorkerd(source, config, compatibilityFlags = []) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-adapters-"));
  await build({
    stdin: { contents: source.replaceAll("CONFIG", JSON.stringify(config)), resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    loader: { ".wasm": "copy" },
    external: ["node:*", "cloudflare:*"],
    outfile: join(folder, "worker.mjs"),
    logLevel: "silent",
  });
  const files = readdirSync(folder).sort((one) => (one === "worker.mjs" ? -1 : 1));
  const modules = files.map((name) => [name, join(folder, name)]);
  const lines = [];
  const settings = {
    name: "adapters",
    bindings: { WHO: "env" },
    compatibilityDate: "2026-10-01",
    compatibilityFlags,
  };
  const { port, stop } = await startWorkerd([{ ...settings, modules }], {
    cache: "127.0.0.1:1",
    log: (line) => lines.push(line),
  });
  return { port, lines, stop: () => stop().finally(() => rmSync(folder, { recursive: true, force: true })) };
}

const bin = (name) => resolve(import.meta.dirname, "..", "..", "..", "node_modules", ".bin", name);
/** Why a runtime from npm can't be used here, or `undefined`. */
const lacks = (name) => (existsSync(bin(name)) ? undefined : `missing ${name}: npm left it out`);

/** Hono in the server of another runtime, which may ask the loopback and nobody else. */
async function honoServer(command, args, config) {
  const script = join(import.meta.dirname, "hono-server.mjs");
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1" };
  const child = spawn(bin(command), [...args, script, JSON.stringify(config)], { env });
  const end = () => child.kill("SIGKILL");
  process.on("exit", end);
  const ended = new Promise((done) => child.once("close", done));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const port = new Promise((ready) => child.stdout.setEncoding("utf8").once("data", (text) => ready(Number(text))));
  const isReady = await Promise.race([port, ended.then(() => undefined)]);
  if (isReady === undefined) throw new Error(`${command} ended: ${said}`);
  const stop = async () => {
    end();
    await ended;
    process.off("exit", end);
  };
  return { port: isReady, stop };
}

const DENO = ["run", "--no-prompt", "--cached-only", "--no-lock", "--node-modules-dir=manual", "--allow-net=127.0.0.1"];

const HONO_WORKER = `
import { Hono } from "hono";
import { tollgate } from "tollgate/hono";
import { handle } from "./web-handler.mjs";
const app = new Hono();
app.use(tollgate(CONFIG));
app.all("*", (c) => handle(c.req.raw, c.get("principal")));
app.onError((error, c) => c.text("handled: " + error.message, 500));
export default app;`;

const NODE_WORKER = `
import { createServer } from "node:http";
import { httpServerHandler } from "cloudflare:node";
import { tollgate } from "tollgate/express";
import { handle } from "./node-handler.mjs";
const guard = tollgate(CONFIG);
const server = createServer((request, response) => {
  request.originalUrl = request.url;
  guard(request, response, () => {
    try {
      handle(request, response);
    } catch (error) {
      response.statusCode = 500;
      response.end("handled: " + error.message);
    }
  });
});
server.listen(8080);
export default httpServerHandler({ port: 8080 });`;

const OWN_WORKER = `
import { protect } from "tollgate/worker";
import { handle } from "./web-handler.mjs";
export default protect(CONFIG, {
  async fetch(request, env, context, principal) {
    if (env.WHO !== "env" || typeof context.waitUntil !== "function") return new Response("not mine", { status: 599 });
    try {
      return await handle(request, principal);
    } catch (error) {
      return new Response("handled: " + error.message, { status: 500 });
    }
  },
});`;

/** By name: what starts it with a configuration, what the machine lacks for it, the runtime whose
 *  `fetch` its handlers forward with, whether it opens WebSockets, and what it hides. */
export const HOSTS = {
  "Express 5": { start: (config) => behind(express(), config) },
  "Express 4": { start: (config) => behind(express4(), config) },
  Connect: { start: (config) => behind(connect(), config) },
  "Hono in Node": { start: (config) => honoOnNode(honoApp(config)), forwards: "node", hasSockets: true },
  "Hono in Deno": { start: (config) => honoServer("deno", DENO, config), missing: lacks("deno"), forwards: "deno" },
  "Hono in Bun": {
    start: (config) => honoServer("bun", ["--no-install"], config),
    missing: lacks("bun"),
    forwards: "bun",
    hasSockets: true,
  },
  "Hono in workerd": { start: (config) => inWorkerd(HONO_WORKER, config), forwards: "workerd", hasSockets: true },
  "node:http in workerd": {
    start: (config) => inWorkerd(NODE_WORKER, config, ["nodejs_compat"]),
    // A second Authorization is gone before anybody can see it, in every view of the request.
    hides: ["several_credentials"],
  },
  "a Worker of one's own": { start: (config) => inWorkerd(OWN_WORKER, config), forwards: "workerd", hasSockets: true },
};
