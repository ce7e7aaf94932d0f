// `npm start`, after set-up and build: the gate in workerd, in front of the sample API. Prints what to try and what each
// try will get; serves loopback only, until Ctrl-C.

import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";
import { startCache } from "./cache.mjs";
import { demonstrationConfig } from "./config.mjs";
import { makeKey, signToken, startIssuer } from "./issuer.mjs";
import { login, makeClient, makeKeys, refresh, withTokens } from "./sessions.mjs";
import { bundledWorker, StartError, startWorkerd } from "./workerd.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const DEFAULT_PORT = 8787;

/** A failure that the user can mend: one line, no stack. */
class Trouble extends Error {}

function options() {
  try {
    const { values } = parseArgs({ options: { port: { type: "string" }, config: { type: "string" } } });
    const port = Number(values.port ?? process.env.PORT ?? DEFAULT_PORT);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Trouble("--port takes a number from 0 to 65535");
    return { port, config: values.config };
  } catch (error) {
    throw error instanceof Trouble ? error : new Trouble(error.message);
  }
}

/** A port that something else has is told before anything is started. */
async function refuseBusy(port) {
  const probe = createServer();
  const failure = await new Promise((settled) => {
    probe.once("error", settled).listen(port, "127.0.0.1", () => probe.close(() => settled(undefined)));
  });
  if (failure)
    throw new Trouble(`port ${port} can't be used (${failure.code}): stop what uses it, or take another with --port`);
}

function readConfig(file, issuer, client) {
  if (file === undefined) {
    const example = JSON.parse(readFileSync(join(root, "tollgate.json"), "utf8"));
    return JSON.stringify(withTokens(demonstrationConfig(example, issuer), client));
  }
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Trouble(`the configuration ${file} can't be read (${error.code})`);
  }
}

/** A Worker of the demonstration, bundled. */
function worker(name) {
  const directory = join(root, "dist", name);
  buildSync({
    entryPoints: [join(root, "demo", name, `${name}.ts`)],
    outfile: join(directory, `${name}.js`),
    bundle: true,
    format: "esm",
    logLevel: "error",
  });
  return bundledWorker({ name, directory, wranglerFile: join(root, "demo", name, "wrangler.toml") });
}

/** What workerd says of a configuration is one line of ours, and a stack. */
function startTrouble({ message }) {
  return new Trouble(/.*\btollgate: (.+)/.exec(message)?.[1] ?? message);
}

async function start({ port, config }) {
  await refuseBusy(port);
  const issuer = await startIssuer();
  const cache = await startCache();
  const client = makeClient();
  const text = readConfig(config, issuer, client);
  const gate = bundledWorker({
    name: "tollgate",
    directory: join(root, "dist", "worker-tokens"),
    wranglerFile: join(root, "wrangler.toml"),
    bindings: {
      TOLLGATE_CONFIG: text,
      ORDERS: { service: "orders" },
      // Stands in for the secret that a configuration like tollgate.json names.
      ORIGIN_PROOF: "for-development-only",
      TOLLGATE_KEYS: makeKeys(),
      TOLLGATE_FAMILIES: { durableObject: "Families" },
      ENTITLEMENTS: { service: "entitlements" },
    },
  });
  const workers = [gate, worker("orders"), worker("entitlements")];
  const workerd = await startWorkerd(workers, { cache: cache.address, port }).catch((error) => {
    throw error instanceof StartError ? startTrouble(error) : error;
  });
  const stop = () => Promise.all([workerd.stop(), issuer.stop(), cache.stop()]);
  return { port: workerd.port, issuer, client, ended: workerd.ended, stop };
}

/** Each try: what it shows, the status it will get, and the curl arguments. */
function tries({ claims, keys, token }) {
  const reader = { tenant_id: "acme", plan: "pro", permissions: ["reports:read"] };
  const pro = token(reader);
  const rsa = token(reader, keys[1]);
  const free = token({ ...reader, sub: "bob", plan: "free" });
  const expired = token({ ...reader, iat: 1_700_000_000, exp: 1_700_003_600 });
  const forged = signToken(makeKey("ES256", keys[0].kid), claims(reader));
  const job = token({ sub: "nightly", client_id: "nightly", tenant_id: "acme" });
  const bearer = (value) => `-H "authorization: Bearer ${value}"`;
  const cookie = `-H "cookie: __Host-access_token=${pro}"`;
  return [
    ["a pro tenant reads a report", 200, "acme", "/reports/", bearer(pro)],
    ["the same with an RS256 token", 200, "acme", "/reports/orders.csv", bearer(rsa)],
    ["a free tenant on a pro route", 403, "acme", "/reports/", bearer(free)],
    ["the free tenant's own orders", 200, "acme", "/orders", bearer(free)],
    ["another tenant's host", 403, "globex", "/orders", bearer(pro)],
    ["an expired token", 401, "acme", "/orders", bearer(expired)],
    ["a forged one", 401, "acme", "/orders", bearer(forged)],
    ["no token", 401, "acme", "/orders", ""],
    ["a cookie", 200, "acme", "/orders", cookie],
    [
      "a cookie, from another site",
      403,
      "acme",
      "/orders",
      `-X POST -d {} ${cookie} -H "origin: https://evil.example"`,
    ],
    ["a job's own token", 200, "acme", "/jobs/nightly", bearer(job)],
    ["a public rule", 200, "acme", "/health", ""],
  ];
}

/** The same for the token service, with sessions of its own for each try. */
async function sessionTries(port, client) {
  const begin = () => login(port, client, "ann", "acme");
  const replayed = await begin();
  const used = await refresh(port, client, replayed);
  const newest = await refresh(port, client, used);
  const [fresh, browsers, ended] = [await begin(), await begin(), await begin()];
  const basic = `-u ${client.id}:${client.secret}`;
  const form = (parameters) => parameters.map((parameter) => `-d ${parameter}`).join(" ");
  const refreshing = ({ refresh_token }) =>
    `${basic} ${form(["grant_type=refresh_token", `refresh_token=${refresh_token}`])}`;
  const logIn = `${basic} ${form(["grant_type=urn:tollgate:session", "user=ann", "tenant=acme"])}`;
  const cookie = `-X POST -H "cookie: __Host-refresh_token=${browsers.refresh_token}" -H "sec-fetch-site: same-origin"`;
  return [
    ["a log-in, by a program that has checked the password", 200, "acme", "/auth/token", logIn],
    [
      "its access token, on a route for pro tenants",
      200,
      "acme",
      "/reports/",
      `-H "authorization: Bearer ${fresh.access_token}"`,
    ],
    ["a refresh", 200, "acme", "/auth/token", refreshing(fresh)],
    ["a refresh by a browser, which has its tokens in cookies", 200, "acme", "/auth/refresh", cookie],
    ["a replay: a refresh token that was used before", 400, "acme", "/auth/token", refreshing(replayed)],
    ["the newest token of that session, which the replay ended", 400, "acme", "/auth/token", refreshing(newest)],
    ["a log-out", 200, "acme", "/auth/revoke", `${basic} ${form([`token=${ended.refresh_token}`])}`],
    ["a refresh after it", 400, "acme", "/auth/token", refreshing(ended)],
  ];
}

async function introduce({ port, issuer, client }, config) {
  console.log(`\nTollgate runs in workerd, in front of the sample API: http://acme.localhost:${port}`);
  console.log(`The development issuer's keys: ${issuer.jwksUri}\n`);
  if (config !== undefined) return console.log(`The rules are those of ${config}. Ctrl-C stops.`);
  console.log("status  what, and how to try it");
  for (const [what, status, tenant, path, args] of [...tries(issuer), ...(await sessionTries(port, client))]) {
    console.log(`\n${status}     ${what}`);
    console.log(`curl -i ${args ? `${args} ` : ""}http://${tenant}.localhost:${port}${path}`);
  }
  console.log("\nCtrl-C stops.");
}

try {
  const asked = options();
  const running = await start(asked);
  await introduce(running, asked.config);
  const signal = new Promise((asked) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(name, () => asked(name));
  });
  const why = await Promise.race([signal, running.ended.then(() => "workerd ended")]);
  await running.stop();
  if (why === "workerd ended") throw new Trouble("workerd ended by itself");
  console.log("\nstopped");
  process.exit(0);
} catch (error) {
  console.error(error instanceof Trouble ? `tollgate: ${error.message}` : error);
  process.exit(1);
}
