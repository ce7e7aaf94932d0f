// hono with its `jwk` middleware. The keys are given: with `jwks_uri` it fetches them for every request.

import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { jwk } from "hono/jwk";
import { pass } from "./pass.js";

const app = new Hono();
const verification = { iss: env.ISSUER, aud: env.AUDIENCE };
app.use("*", jwk({ keys: env.JWKS.keys, alg: ["ES256", "RS256"], verification }));
app.all("*", (context) => pass(context.req.raw, context.env));

export default app;
