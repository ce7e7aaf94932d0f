// Stands between the AWS SDK and DynamoDB's stand-in: lets one request through at a time, because the stand-in takes no lock,
// and injects faults below the SDK. Keeps what it saw; changes no byte of what it lets through.

import { Agent, createServer, request } from "node:http";

const ERRORS = {
  throttle: [400, "ProvisionedThroughputExceededException"],
  conflict: [400, "TransactionConflictException"],
  500: [500, "InternalServerError"],
};

/**
 * @param port where the stand-in listens
 * @returns `{ port, calls, state, stop }`: `calls` are `{ operation, input }` in the order in which they arrived;
 *   `state.fault(operation, input)` may answer `throttle`, `conflict`, `500`, `drop-before`, `drop-after`, `hang-after`
 */
export async function startProxy(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const state = { fault: undefined };
  const calls = [];
  let tail = Promise.resolve();

  function forward({ method, url, headers }, body) {
    return new Promise((resolve, reject) => {
      const onward = request({ host: "127.0.0.1", port, method, path: url, headers, agent }, async (answer) => {
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()) });
      });
      onward.on("error", reject);
      onward.end(body);
    });
  }

  async function pass(incoming, outgoing, body) {
    const operation = incoming.headers["x-amz-target"]?.split(".")[1];
    const input = body.length > 0 ? JSON.parse(body) : {};
    calls.push({ operation, input });
    const fault = state.fault?.(operation, input);
    if (fault in ERRORS) {
      const [status, type] = ERRORS[fault];
      outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: type }));
      return;
    }
    if (fault === "drop-before") return void outgoing.destroy();
    const answer = await forward(incoming, body);
    if (fault === "drop-after") return void outgoing.destroy();
    if (fault === "hang-after") return;
    outgoing.writeHead(answer.status, answer.headers);
    outgoing.end(answer.body);
  }

  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    tail = tail.then(() => pass(incoming, outgoing, body)).catch(() => outgoing.destroy());
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = async () => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    agent.destroy();
    await closed;
  };
  return { port: server.address().port, calls, state, stop };
}
