// Hono behind the gate in Deno's or Bun's own server. Prints its port, and ends with the process that started it.

import { Hono } from "hono";
import { tollgate } from "tollgate/hono";
import { echo, handle } from "./web-handler.mjs";

const { Bun, Deno } = globalThis;
const [config] = Deno ? Deno.args : process.argv.slice(2);

const app = new Hono();
app.use(tollgate(JSON.parse(config)));
// Bun alone: docs/ADAPTERS.md says why Deno opens none behind a gate.
const sockets = Bun && (await import("hono/bun"));
if (sockets) app.get("/api/socket", sockets.upgradeWebSocket(echo));
app.all("*", (c) => handle(c.req.raw, c.get("principal")));
app.onError((error, c) => c.text(`handled: ${error.message}`, 500));

const place = { hostname: "127.0.0.1", port: 0 };
if (Deno) Deno.serve({ ...place, onListen: ({ port }) => console.log(port) }, app.fetch);
else console.log(Bun.serve({ ...place, fetch: app.fetch, websocket: sockets.websocket }).port);
