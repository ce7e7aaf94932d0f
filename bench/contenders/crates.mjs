// The p256, rsa and jsonwebtoken crates in wasm: what one would compile in Tollgate's place. Built by bench/crates.mjs.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Trouble } from "../../scripts/project.mjs";
import { CRATES_DIRECTORY } from "../crates.mjs";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

let loaded;

async function load() {
  const glue = join(CRATES_DIRECTORY, "crates.js");
  if (!existsSync(glue)) throw new Trouble("the crates are not built for wasm: start this with `npm run bench`");
  const crates = await import(pathToFileURL(glue).href);
  crates.initSync({ module: new WebAssembly.Module(readFileSync(join(CRATES_DIRECTORY, "crates_bg.wasm"))) });
  return crates;
}

export async function contenders(algorithm, { keys }) {
  loaded ??= load();
  const { P256, Rsa, Jwt } = await loaded;
  const { jwk } = keys[algorithm];
  const bytes = (member) => Buffer.from(jwk[member], "base64url");
  const key =
    algorithm === "ES256"
      ? new P256(Buffer.concat([Buffer.from([4]), bytes("x"), bytes("y")]))
      : new Rsa(bytes("n"), bytes("e"));
  const jwt = new Jwt(algorithm, JSON.stringify(jwk), ISSUER, AUDIENCE);
  return [
    {
      name: "p256 / rsa crate in wasm",
      checks: "signature",
      verify: ({ input, signature }) => key.verify(input, signature),
    },
    {
      name: "jsonwebtoken crate in wasm",
      checks: "whole",
      verify: ({ token }) => JSON.parse(jwt.verify(token)),
    },
  ];
}
