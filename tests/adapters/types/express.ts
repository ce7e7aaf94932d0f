// `tollgate/express` beside @types/express and @types/connect. Never run.

import connect from "connect";
import express from "express";
import { type Config, createGate, type Principal } from "tollgate";
import { tollgate } from "tollgate/express";

declare const config: Config;

const app = express();
app.use(tollgate(config));
app.use("/api", tollgate(createGate(config)), express.json());
app.get("/me", tollgate(config, { now: () => 1 }), (request, response) => {
  const principal: Principal | null | undefined = request.principal;
  response.json({ user: principal?.userId });
  // @ts-expect-error: on a public rule, and where nothing was mounted, there is none
  request.principal.userId;
});
connect().use(tollgate(config));

// @ts-expect-error: a policy is compulsory
tollgate();
// @ts-expect-error: rules are compulsory
tollgate({ issuers: [] });
// @ts-expect-error: there is no such hook
tollgate(config, { onEvents() {} });
