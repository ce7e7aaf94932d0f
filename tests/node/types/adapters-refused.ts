// What must not compile, against the adapters' published types. Never run.

import type { Config } from "tollgate";
import { tollgate as forExpress } from "tollgate/express";
import { tollgate as forHono } from "tollgate/hono";
import { protect } from "tollgate/worker";

declare const config: Config;

// @ts-expect-error: a policy is compulsory
forExpress();
// @ts-expect-error: a policy is compulsory
forHono();
// @ts-expect-error: a policy without rules is none
forHono({ issuers: [] });
// @ts-expect-error: text is parsed by the caller
forExpress("{}");
// @ts-expect-error: there is no such hook
forHono(config, { onEvents() {} });
// @ts-expect-error: without fetch there is nothing to protect
protect(config, { scheduled() {} });
const worker = protect(config, { fetch: (_request, env: { A: string }) => new Response(env.A) });
// @ts-expect-error: bindings have the type that the handler says
worker.fetch(new Request("/"), {}, { waitUntil() {} });
