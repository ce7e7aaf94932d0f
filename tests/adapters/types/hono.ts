// `tollgate/hono` beside Hono's own types. Never run.

import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { type Config, createGate, type Principal } from "tollgate";
import { tollgate, type Variables } from "tollgate/hono";

declare const config: Config;

const app = new Hono<{ Variables: Variables; Bindings: { A: string } }>();
app.use(tollgate(config));
app.use("/api/*", tollgate(createGate(config)));
app.get("/me", tollgate(config, { now: () => 1 }), (c) => {
  const principal: Principal | null = c.get("principal");
  const same: Principal | null = c.var.principal;
  // @ts-expect-error: on a public rule there is none
  c.get("principal").userId;
  return c.json({ user: principal?.userId, tenant: same?.tenantId, a: c.env.A });
});
app.use(createMiddleware(async (_c, next) => next()));
new Hono().use(tollgate(config));

// @ts-expect-error: a policy is compulsory
tollgate();
// @ts-expect-error: rules are compulsory
tollgate({ issuers: [] });
