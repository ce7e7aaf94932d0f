// Runs in a guide's folder: asks before.mjs and after.mjs with the same tokens, and prints what each answered. Judges nothing.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { provider } from "./provider.mjs";

const load = (name, query = "") => import(`${pathToFileURL(join(process.cwd(), name)).href}${query}`);
const { jwks, token } = await load("test-tokens.mjs");
const network = provider(jwks);
const isCognito = process.argv[2] === "cognito";

const usual = isCognito
  ? {
      iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12CdEf3",
      client_id: "1example23456789",
      token_use: "access",
    }
  : { iss: "https://issuer.example", aud: "orders-api" };
const make = (claims, header) =>
  token({ ...usual, tenant_id: "acme", ...claims }, { ...(isCognito && { alg: "RS256", typ: undefined }), ...header });
const now = Math.floor(Date.now() / 1000);

/** By what the guides' tables call them. */
const TOKENS = {
  good: make(),
  expired: make({ exp: now - 3600, iat: now - 7200 }),
  "expired for 5 s": make({ exp: now - 5, iat: now - 600 }),
  "without `exp`": make({ exp: undefined }),
  "for another audience": make({ aud: "other" }),
  "of another client": make({ client_id: "another" }),
  "an ID token": make({ token_use: "id", client_id: undefined, aud: usual.client_id }),
  "of another tenant": make({ tenant_id: "globex" }),
  "of an unknown key": make({}, { kid: "unknown" }),
  none: undefined,
};

async function ask(module, text) {
  const headers = text === undefined ? {} : { authorization: `Bearer ${text}` };
  const request = new Request("https://acme.api.example.com/orders", { headers });
  const answer = await (module.answer ?? module.app.fetch)(request);
  return { status: answer.status, body: answer.status === 200 ? await answer.text() : "" };
}

const answers = {};
const fetches = {};
for (const side of ["before", "after"]) {
  network.hits.length = 0;
  const module = await load(`${side}.mjs`);
  for (const [name, text] of Object.entries(TOKENS))
    answers[name] = { ...answers[name], [side]: await ask(module, text) };
  fetches[side] = network.hits.length;
  network.isDown = true;
  const anew = await load(`${side}.mjs`, "?down");
  const name = "good, while the key server is down";
  answers[name] = { ...answers[name], [side]: await ask(anew, TOKENS.good) };
  network.isDown = false;
}
process.send({ answers, fetches });
