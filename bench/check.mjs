// Checks each contender before it is timed, so that one that does nothing cannot win. Times nothing.

import { Trouble } from "../scripts/project.mjs";
import { forged, makeSample, tampered } from "./tokens.mjs";

/** @throws Trouble naming the contender that accepts what it must refuse, or the reverse */
export async function checkContender(algorithm, contender, samples) {
  const own = contender.batch?.(-1) ?? samples;
  const fault = (what) =>
    new Trouble(`${contender.name} (${algorithm}) ${what}, so no number of it would mean anything`);
  for (const sample of own) {
    if (!(await accepts(contender, sample))) throw fault("refuses a good token");
  }
  for (const [what, sample] of badSamples(contender, own)) {
    if (await accepts(contender, sample)) throw fault(`accepts ${what}`);
  }
}

function badSamples({ checks }, samples) {
  const bad = samples.slice(0, 8).flatMap((sample) => [
    ["a signature with one bit changed", tampered(sample)],
    ["claims that were not signed", forged(sample)],
  ]);
  if (checks === "signature") return bad;
  const [{ key }] = samples;
  const past = Math.floor(Date.now() / 1000) - 3600;
  return [
    ...bad,
    ["a token for another audience", makeSample(key, 1, { aud: "https://other.example" })],
    ["a token of another issuer", makeSample(key, 2, { iss: "https://other.example" })],
    ["a token that has expired", makeSample(key, 3, { iat: past - 600, exp: past })],
  ];
}

async function accepts({ checks, prepare, verify }, sample) {
  let answer;
  try {
    answer = await verify(prepare ? prepare(sample) : sample);
  } catch {
    return false;
  }
  return checks === "signature" ? answer === true : answer?.sub === sample.subject;
}
