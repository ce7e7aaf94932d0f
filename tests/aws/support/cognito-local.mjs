// npm's cognito-local on a free port of the loopback, with Lambda's Invoke API in front of functions that run in AWS's runtime
// client. Stopped by process id; its data are in a folder of their own, which goes with it.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FunctionError } from "./runtime-api.mjs";

const root = resolve(import.meta.dirname, "..", "..", "..");
const tools = process.env.TOLLGATE_AWS_TOOLS || join(root, ".tools", "aws");
const SERVER = join(tools, "node_modules", "cognito-local", "lib", "bin", "start.js");
const START_MS = 60_000;

/** What is given to `test` as `skip`: why these tests can't run here, or `false`. */
export const missing =
  process.env.TOLLGATE_AWS_TOOLS_MISSING ||
  (existsSync(SERVER) ? false : "missing a Cognito server: run npm run test:aws");

/** The code that it "sends" to every address. */
export const CODE = "271828";
/** Its pools' ids start with the region, so this is where the preset `cognito` looks for their keys. */
export const REGION = "local";

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Lambda's Invoke API.
 *
 * @param functions by name: `invoke(event)`; may be changed at any time
 */
async function startLambda(functions) {
  const server = createServer(async (request, response) => {
    const event = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8"));
    const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url)?.[1];
    // cognito-local writes version 0 where Cognito writes 1, and has no other.
    const answer = await functions[name].invoke({ ...event, version: "1" }).catch((error) => error);
    const failed = answer instanceof FunctionError;
    if (answer instanceof Error && !failed) throw answer;
    const { errorType, errorMessage, trace } = answer;
    response.writeHead(200, {
      "content-type": "application/json",
      ...(failed ? { "x-amz-function-error": "Unhandled" } : {}),
    });
    response.end(JSON.stringify(failed ? { errorType, errorMessage, trace } : answer));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  };
}

/**
 * Starts the server with these trigger functions, by Cognito's names of the triggers.
 *
 * @returns `{ ask(operation, parameters), fetch, stop }`. `ask` resolves with the answer and rejects with an error whose `name`
 * is Cognito's. `fetch` gets what AWS would serve of the pools' key sets.
 */
export async function startCognito(functions) {
  const lambda = await startLambda(functions);
  const folder = mkdtempSync(join(tmpdir(), "tollgate-cognito-"));
  mkdirSync(join(folder, ".cognito"));
  const config = {
    LambdaClient: { endpoint: lambda.endpoint, region: REGION },
    TriggerFunctions: Object.fromEntries(Object.keys(functions).map((name) => [name, name])),
    TokenConfig: { IssuerDomain: `https://cognito-idp.${REGION}.amazonaws.com` },
    // User names are what is given, as in a pool without `UsernameAttributes`.
    UserPoolDefaults: { UsernameAttributes: [] },
  };
  writeFileSync(join(folder, ".cognito", "config.json"), JSON.stringify(config));
  const child = spawn(process.execPath, [SERVER], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    // It must find no credentials of the machine's.
    env: {
      PATH: process.env.PATH,
      CODE,
      PORT: "0",
      HOST: "127.0.0.1",
      AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: "1",
    },
  });
  running.add(child);
  const ended = new Promise((done) => child.once("close", done)).then(() => running.delete(child));
  let said = "";
  const listening = new Promise((found) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        if (said.length < 20_000) said += text;
        const port = /running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (port) found(Number(port));
      });
    }
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await lambda.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const port = await Promise.race([listening, ended.then(() => undefined)]);
  clearTimeout(timer);
  if (port === undefined) {
    await stop();
    throw new Error(`cognito-local did not start: ${said}`);
  }
  const origin = `http://127.0.0.1:${port}`;
  return {
    stop,
    async ask(operation, parameters) {
      const response = await fetch(origin, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": `AWSCognitoIdentityProviderService.${operation}`,
        },
        body: JSON.stringify(parameters),
      });
      const answer = await response.json();
      if (response.ok) return answer;
      throw Object.assign(new Error(answer.message), { name: answer.__type ?? `status ${response.status}` });
    },
    fetch: (url, init) => fetch(url.replace(`https://cognito-idp.${REGION}.amazonaws.com`, origin), init),
  };
}
