// `tollgate/worker` beside @cloudflare/workers-types. Never run.

import { type Config, createGate, type Principal } from "tollgate";
import { protect } from "tollgate/worker";

declare const config: Config;
interface Env {
  readonly ORDERS: Fetcher;
  readonly CONFIG: string;
}

export const plain = protect<Env>(config, {
  async fetch(request, env, context, principal) {
    const who: Principal | null = principal;
    context.waitUntil(Promise.resolve(who));
    return env.ORDERS.fetch(request);
  },
}) satisfies ExportedHandler<Env>;

export const whole = protect(createGate(config), {
  fetch: async (request: Request, env: Env, context: ExecutionContext, principal) => {
    context.passThroughOnException();
    return Response.json({ user: principal?.userId, url: request.url, cf: request.cf?.country, env: Object.keys(env) });
  },
  async scheduled(controller: ScheduledController, _env: Env) {
    console.log(controller.cron);
  },
  async queue(batch: MessageBatch<string>, _env: Env) {
    batch.ackAll();
  },
}) satisfies ExportedHandler<Env, string>;

export const named = protect<Env>(config, {
  fetch: (request, env) => env.ORDERS.fetch(request),
  async scheduled(controller: ScheduledController, env: Env) {
    console.log(controller.cron, env.CONFIG);
  },
}) satisfies ExportedHandler<Env>;

export const late = protect(
  (env: Env) => JSON.parse(env.CONFIG) as Config,
  { fetch: () => new Response(null) },
  {
    now: () => 1,
  },
) satisfies ExportedHandler<Env>;

export const later = protect(async (_env: Env) => createGate(config), { fetch: () => new Response(null) });

// @ts-expect-error: without a handler there is nothing to protect
protect(config, {});
// @ts-expect-error: a handler answers
protect(config, { fetch: () => {} });
// @ts-expect-error: rules are compulsory
protect({ issuers: [] }, { fetch: () => new Response(null) });
