// Lambda's Runtime API on a free port of the loopback, as AWS documents it for custom runtimes: hands out one invocation at a
// time and takes its answer. Knows nothing of what is invoked, and enforces no deadline.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const BASE = "/2018-06-01/runtime";
const ARN = "arn:aws:lambda:us-east-1:123456789012:function:under-test:1";
/** What Lambda@Edge gives a viewer request's function, in milliseconds. */
const DEADLINE_MS = 5_000;

/** What a function answered when it threw: `errorType`, `errorMessage` and `trace` are as the runtime client sent them. */
export class FunctionError extends Error {
  /** @param phase `init` when the module could not be loaded, `invoke` when the handler threw */
  constructor(phase, { errorType, errorMessage, trace }) {
    super(`${phase}: ${errorType}: ${errorMessage}`);
    Object.assign(this, { name: "FunctionError", phase, errorType, errorMessage, trace });
  }
}

/**
 * Starts the server.
 *
 * `ready` resolves when the function asks for its first invocation, and rejects with a `FunctionError` when it could not be
 * loaded. `invoke` resolves to the parsed result, and rejects with a `FunctionError` when the handler threw. `fail` rejects what
 * is waited for: the process is gone.
 */
export async function startRuntimeApi() {
  const waiting = [];
  const underWay = new Map();
  /** The runtime client's open question for the next invocation. */
  let next;
  const ready = Promise.withResolvers();
  // Awaited by whoever starts the function; nobody has to.
  ready.promise.catch(() => {});

  const hand = () => {
    if (next === undefined || waiting.length === 0) return;
    const { id, body, outcome } = waiting.shift();
    underWay.set(id, outcome);
    next.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": id,
      "lambda-runtime-deadline-ms": String(Date.now() + DEADLINE_MS),
      "lambda-runtime-invoked-function-arn": ARN,
    });
    next.end(body);
    next = undefined;
  };

  const take = (id, settle) => {
    const outcome = underWay.get(id);
    underWay.delete(id);
    if (outcome !== undefined) settle(outcome);
    return outcome !== undefined;
  };

  /** Whether the path is one of the Runtime API's. */
  const answer = (method, path, body, response) => {
    if (method === "GET" && path === `${BASE}/invocation/next`) {
      next = response;
      ready.resolve();
      hand();
      return true;
    }
    const [, id, kind] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    let isKnown = false;
    if (method === "POST" && path === `${BASE}/init/error`) {
      ready.reject(new FunctionError("init", JSON.parse(body)));
      isKnown = true;
    } else if (method === "POST" && kind === "response") {
      isKnown = take(decodeURIComponent(id), ({ resolve }) => resolve(JSON.parse(body)));
    } else if (method === "POST" && kind === "error") {
      const error = () => new FunctionError("invoke", JSON.parse(body));
      isKnown = take(decodeURIComponent(id), ({ reject }) => reject(error()));
    }
    if (isKnown) response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
    return isKnown;
  };

  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString("utf8");
    if (!answer(request.method, request.url, body, response)) response.writeHead(404).end();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

  return {
    address: `127.0.0.1:${server.address().port}`,
    ready: ready.promise,
    /** @param event a value, or text that is sent as it is */
    invoke(event) {
      const outcome = Promise.withResolvers();
      const body = typeof event === "string" ? event : JSON.stringify(event);
      waiting.push({ id: randomUUID(), body, outcome });
      hand();
      return outcome.promise;
    },
    fail(error) {
      ready.reject(error);
      for (const { reject } of [...underWay.values(), ...waiting.map(({ outcome }) => outcome)]) reject(error);
      underWay.clear();
      waiting.length = 0;
    },
    stop: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  };
}
