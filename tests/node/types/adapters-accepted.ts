// The adapters' types without any framework's: the package's declarations stand alone. Never run.

import { type Config, createGate, type Principal } from "tollgate";
import { tollgate as forExpress, type NodeRequest } from "tollgate/express";
import { tollgate as forHono, type Variables } from "tollgate/hono";
import { protect, TollgateError } from "tollgate/worker";

declare const config: Config;
declare const request: NodeRequest;

forExpress(config, { onEvent: (event) => console.log(event.type) });
forHono(createGate(config));
const principal: Principal | null | undefined = request.principal;
const variables: Variables = { principal: principal ?? null };
const worker = protect(config, {
  greeting: "hello",
  async fetch(given, env: { readonly A: string }, context, who) {
    context.waitUntil(Promise.resolve());
    return new Response(`${given.url} ${env.A} ${who?.userId}`);
  },
});
const answer: Promise<Response> = worker.fetch(new Request("https://a.example"), { A: "a" }, { waitUntil() {} });
const greeting: string = worker.greeting;
console.log(variables, answer, greeting, TollgateError);
