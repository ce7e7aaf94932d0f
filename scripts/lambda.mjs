// `npm run build:lambda-edge` and `npm run build:authorizer`: a zip that is uploaded as it is, with JavaScript, wasm and
// configuration, which the core has judged before. Uploads nothing, and reads no secret.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build as buildPackage } from "./build.mjs";
import { checkGate } from "./configuration.mjs";
import { path, runMain, seconds, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

/** What is promised of a zip; CloudFront takes 50 MB, Lambda as much. */
const MAX_ZIP_BYTES = 300_000;
/** `--max-age`, in seconds. */
const MAX_AGE = { least: 3_600, most: 30 * 86_400, usual: "7d" };
const UNITS = { h: 3_600, d: 86_400 };
/** Bytes of the same input are the same: dates of a zip are local time, and this one is the first there is. */
const DATE = new Date(1980, 0, 1);
/** Lambda's user may read what Lambda unpacks, and nobody need write it. */
const FILE_MODE = (0o100644 << 16) >>> 0;

const EVENTS = ["http", "http-iam", "http-1.0", "rest", "rest-token", "websocket"];

const OPTIONS = {
  config: { type: "string" },
  out: { type: "string" },
  keys: { type: "string", default: "fetch" },
  "max-age": { type: "string" },
  help: { type: "boolean", default: false },
};
const AUTHORIZER_OPTIONS = { event: { type: "string" }, "base-path": { type: "string" }, stage: { type: "string" } };

/** What can be built: how its command is called, what it takes, and who makes its handler. */
const KINDS = {
  "lambda-edge": {
    options: OPTIONS,
    factory: (tollgate) => tollgate.createViewerRequest,
    settings: "runtime Node.js 22 or 24, handler index.handler, 128 MB, 5 s, in us-east-1; trigger viewer-request",
  },
  authorizer: {
    options: { ...OPTIONS, ...AUTHORIZER_OPTIONS },
    module: "api-gateway",
    factory: (tollgate) => tollgate.createAuthorizer,
    settings: "runtime Node.js 22 or 24, handler index.handler, 128 MB and more, 10 s",
  },
};

const KEYS_HELP = `    --config FILE  the configuration, as tollgate.json
    --out FILE     where the zip is written
    --keys fetch   the function fetches key sets itself (this is what happens without --keys)
    --keys embed   they are fetched now and put into the zip; the function never fetches any
    --max-age AGE  with --keys embed: how long they are used, from 1h to 30d; ${MAX_AGE.usual} without it. Then the function
                   answers 503 until it is built and published again`;

const HELP = {
  "lambda-edge": `npm run build:lambda-edge -- --config FILE --out FILE.zip [--keys embed [--max-age AGE]]
    Makes the zip of a CloudFront viewer-request function. Upload it as it is.
${KEYS_HELP}

    npm run build:lambda-edge -- --config tollgate.json --out edge.zip
`,
  authorizer: `npm run build:authorizer -- --config FILE --out FILE.zip --event KIND [--keys embed [--max-age AGE]]
    Makes the zip of an API Gateway authorizer. Upload it as it is.
    --event KIND   whose events it gets: ${EVENTS.join(", ")}
    --base-path P  the base path of a custom domain name, which is not part of the rules' paths
    --stage NAME   the stage, where it stands in the path
${KEYS_HELP}

    npm run build:authorizer -- --config tollgate.json --out authorizer.zip --event http
`,
};

/** The package as it was built. */
const published = (module) => import(pathToFileURL(path("dist", "npm", module, "index.js")).href);

/**
 * Makes a zip.
 *
 * @param kind `lambda-edge` or `authorizer`
 * @param request `{ where, text, options, embedSeconds }`: what the configuration is called, its text, the authorizer's options,
 * and how long keys are used that are embedded, where they are to be
 * @param say told what was done
 * @returns the zip's bytes
 * @throws Trouble naming what is wrong and what mends it
 */
export async function functionZip(kind, { where, text, options, embedSeconds }, say = () => {}) {
  const config = await checkedConfig(where, text);
  const document = { config };
  if (embedSeconds !== undefined) document.embeddedKeys = await embeddedKeys(where, config, embedSeconds, say);
  if (options !== undefined) document.options = options;
  await checkHandler(kind, where, document);
  say("the core has checked the configuration");
  const files = { ...(await bundle(kind)), "tollgate.json": Buffer.from(JSON.stringify(document)) };
  for (const [name, bytes] of Object.entries(files)) say(`${name}: ${kilobytes(bytes.length)}`);
  const zip = await zipped(files);
  if (zip.length > MAX_ZIP_BYTES) {
    throw new Trouble(
      `the zip would have ${zip.length} bytes, and ${MAX_ZIP_BYTES} are promised: ${where} is ${text.length} long, make it shorter`,
    );
  }
  return zip;
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

/** The configuration as data, once the core has judged its text: a member that stands twice is seen there only. */
async function checkedConfig(where, text) {
  const config = parsed(where, text);
  const own = config.issuers?.findIndex?.((issuer) => issuer?.preset === "tollgate") ?? -1;
  if (own !== -1) {
    throw new Trouble(
      `${where}: issuers[${own}].preset: "tollgate" takes its keys from the memory of a token service, which no other function has: name the service's issuer, its algorithms ["ES256"] and its jwksUri instead`,
    );
  }
  await checkGate(where, text);
  return config;
}

function parsed(where, text) {
  try {
    const config = JSON.parse(text);
    if (typeof config === "object" && config !== null && !Array.isArray(config)) return config;
  } catch (error) {
    throw new Trouble(`${where} is no JSON: ${error.message}`);
  }
  throw new Trouble(`${where}: expected a JSON object, as in docs/CONFIGURATION.md`);
}

/** Makes the handler once, as the function will: what it would refuse at start never ships. */
async function checkHandler(kind, where, { config, embeddedKeys, options }) {
  const { module = kind, factory } = KINDS[kind];
  try {
    factory(await published(module))(config, { ...options, embeddedKeys });
  } catch (error) {
    if (error.code !== "config_invalid") throw error;
    throw new Trouble(`${where}: ${error.message}`);
  }
}

/** The key set of each issuer that has none in the configuration, and until when they are used. */
async function embeddedKeys(where, config, embedSeconds, say) {
  const { createVerifier } = await published(".");
  const sets = [];
  for (const [index, issuer] of config.issuers.entries()) {
    const hasOwn = (issuer.jwks ?? null) !== null;
    sets.push(hasOwn ? null : await fetchedSet(`${where}: issuers[${index}]`, issuer, createVerifier, say));
  }
  if (sets.every((set) => set === null)) {
    throw new Trouble(`${where}: --keys embed, but every issuer has its jwks there already: leave --keys out`);
  }
  const until = Math.floor(Date.now() / 1000) + embedSeconds;
  say(`the keys are used until ${new Date(until * 1000).toISOString()}`);
  return { until, sets };
}

/** A key set, fetched and judged as the function would, without the keys of it that are of no use. */
async function fetchedSet(where, issuer, createVerifier, say) {
  let copy;
  const events = [];
  const verifier = createVerifier(
    { issuers: [issuer] },
    {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        copy = response.clone();
        return response;
      },
      onEvent: (event) => events.push(event),
    },
  );
  try {
    await verifier.ready();
  } catch (error) {
    if (error.code !== "keys_unavailable") throw error;
    const { reason } = events.find(({ type }) => type === "keys_fetch_failed");
    throw new Trouble(`${where}: its key set could not be fetched (${reason}): try again, or leave out --keys embed`);
  } finally {
    verifier.close();
  }
  const skipped = new Set(events.filter(({ type }) => type === "key_skipped").map(({ index }) => index));
  const keys = JSON.parse(await copy.text()).keys.filter((_, index) => !skipped.has(index));
  say(
    `${keys.length} ${keys.length === 1 ? "key" : "keys"} of issuer ${events.at(-1).issuer}, ${skipped.size} left out`,
  );
  return { keys };
}

/** The code of a function: one module, and the wasm beside it. */
async function bundle(kind) {
  const { build } = await import("esbuild");
  const wasm = {};
  const result = await build({
    entryPoints: [path("scripts", "lambda", `${kind}.mjs`)],
    outfile: "index.mjs",
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    metafile: true,
    plugins: [wasmBeside(wasm)],
  }).catch((error) => {
    throw new Trouble(`the function can't be bundled: ${error.message}`);
  });
  const [output] = Object.values(result.metafile.outputs);
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const names = Object.keys(wasm).filter((name) => used.some(([input]) => input.endsWith(wasm[name].input)));
  const [code] = result.outputFiles;
  return { "index.mjs": code.contents, ...Object.fromEntries(names.map((name) => [name, wasm[name].bytes])) };
}

/** Has a module read from a file beside the bundle: base64 is a third longer, and would be decoded at each cold start. */
function wasmBeside(wasm) {
  return {
    name: "wasm-beside",
    setup(build) {
      build.onLoad({ filter: /[/\\]generated[/\\]\w+[/\\]inline\.js$/ }, async ({ path: file }) => {
        const folder = dirname(file);
        const module = folder.split(/[/\\]/).at(-1);
        const name = `${module}.wasm`;
        wasm[name] = { input: `generated/${module}/inline.js`, bytes: readFileSync(join(folder, "tollgate_bg.wasm")) };
        const { relaxedBodies } = await import(pathToFileURL(file).href);
        return {
          // As in scripts/lambda/document.mjs.
          contents: `export const relaxedBodies = ${JSON.stringify(relaxedBodies)};
            const { readFileSync } = process.getBuiltinModule("node:fs");
            export const bytes = () => readFileSync(import.meta.dirname + "/${name}");`,
        };
      });
    },
  };
}

async function zipped(files) {
  const { zipSync } = await import("fflate");
  const settings = { level: 9, mtime: DATE, os: 3, attrs: FILE_MODE };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, [bytes, settings]])));
}

function readOptions(kind, args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: KINDS[kind].options }));
  } catch (error) {
    throw new Trouble(`${error.message.split("\n")[0]}\n\n${HELP[kind]}`);
  }
  if (values.help) return values;
  for (const name of ["config", "out"]) if (!values[name]) throw new Trouble(`--${name} is missing\n\n${HELP[kind]}`);
  if (!values.out.endsWith(".zip")) throw new Trouble(`--out: expected a name that ends in .zip, not ${values.out}`);
  if (!["fetch", "embed"].includes(values.keys))
    throw new Trouble(`--keys: expected fetch or embed, not ${values.keys}`);
  if (values.keys === "fetch" && values["max-age"] !== undefined) throw new Trouble("--max-age goes with --keys embed");
  if (kind === "authorizer" && !EVENTS.includes(values.event)) {
    throw new Trouble(`--event: expected one of ${EVENTS.join(", ")}`);
  }
  return values;
}

/** An age such as 12h or 7d, in seconds. */
export function ageSeconds(text) {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  const age = Number(count) * UNITS[unit];
  if (!(age >= MAX_AGE.least && age <= MAX_AGE.most))
    throw new Trouble("--max-age: expected 1h to 30d, such as 12h or 7d");
  return age;
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Trouble(`--config: ${file} can't be read: ${error.message}`);
  }
}

/** What `createAuthorizer` is told beside the configuration. */
function authorizerOptions({ event, "base-path": basePath, stage }) {
  return { event, ...(basePath === undefined ? {} : { basePath }), ...(stage === undefined ? {} : { stage }) };
}

async function command(kind, args) {
  const values = readOptions(kind, args);
  if (values.help) {
    process.stdout.write(HELP[kind]);
    return 0;
  }
  const started = Date.now();
  const embedSeconds = values.keys === "embed" ? ageSeconds(values["max-age"] ?? MAX_AGE.usual) : undefined;
  const options = kind === "authorizer" ? authorizerOptions(values) : undefined;
  const text = readText(values.config);
  await setUp("build");
  await buildPackage("npm");
  const say = (words) => console.log(`${kind}: ${words}`);
  const zip = await functionZip(kind, { where: values.config, text, options, embedSeconds }, say);
  const out = resolve(values.out);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, zip);
  say(`${values.out}: ${kilobytes(zip.length)} in ${seconds(started)}`);
  say(`sha256 ${createHash("sha256").update(zip).digest("hex")}`);
  say(KINDS[kind].settings);
  return 0;
}

if (process.argv[1] === path("scripts", "lambda.mjs")) {
  await runMain(() => {
    const [kind, ...args] = process.argv.slice(2);
    if (!Object.hasOwn(KINDS, kind ?? "")) throw new Trouble(`expected one of ${Object.keys(KINDS).join(", ")}`);
    return command(kind, args);
  });
}
