// Runs the Worker's code on this machine, with a stand-in for the identity provider, and prints requests to try. Not for production.

import { createServer } from "node:http";
import { protect } from "tollgate/worker";
import { api } from "./src/api.js";
import { tokenFor, withTestKey } from "./test/issuer.mjs";
import config from "./tollgate.json" with { type: "json" };

const worker = protect(withTestKey(config), api);

const server = createServer(async (incoming, outgoing) => {
  const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
    values.map((value) => [name, value]),
  );
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, { method: incoming.method, headers });
  const answer = await worker.fetch(request, {}, { waitUntil() {} });
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
});

server.listen(Number(process.env.PORT ?? 8787), "127.0.0.1", () => {
  const at = `http://localhost:${server.address().port}`;
  console.log(`listening at ${at}, with a key of its own. Try:

curl -i ${at}/health
curl -i ${at}/t/acme/orders/7
curl -i ${at}/t/acme/orders/7 -H "authorization: Bearer ${tokenFor(config)}"
curl -i ${at}/t/globex/orders/7 -H "authorization: Bearer ${tokenFor(config)}"
`);
});
