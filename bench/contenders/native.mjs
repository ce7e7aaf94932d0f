// What Node itself has: OpenSSL through crypto.verify, the baseline, and WebCrypto. The signature alone, nothing parsed.

import { verify, webcrypto } from "node:crypto";

const SUBTLE = {
  ES256: { import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
  RS256: { import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: "RSASSA-PKCS1-v1_5" },
};

/** The fastest form: the key object bare, which for ES256 means the signature re-encoded as DER beforehand, untimed. */
export const BASELINE = "crypto.verify";
/** JWS's own form of an ES256 signature. Node 24 takes half as long again when the key stands in an options object. */
export const AS_IT_STANDS = "crypto.verify, ieee-p1363";

export async function contenders(algorithm, { keys }) {
  const { publicKey: key, jwk } = keys[algorithm];
  const options = { key, dsaEncoding: "ieee-p1363" };
  const { import: how, verify: scheme } = SUBTLE[algorithm];
  const imported = await webcrypto.subtle.importKey("jwk", jwk, how, false, ["verify"]);
  const native = [
    {
      name: BASELINE,
      checks: "signature",
      prepare: (sample) => ({ ...sample, signature: algorithm === "ES256" ? der(sample.signature) : sample.signature }),
      verify: ({ input, signature }) => verify("sha256", input, key, signature),
    },
    {
      name: "crypto.subtle.verify",
      checks: "signature",
      async: true,
      verify: ({ input, signature }) => webcrypto.subtle.verify(scheme, imported, signature, input),
    },
  ];
  const asItStands = {
    name: AS_IT_STANDS,
    checks: "signature",
    verify: ({ input, signature }) => verify("sha256", input, options, signature),
  };
  return algorithm === "ES256" ? [native[0], asItStands, native[1]] : native;
}

/** r and s, 32 bytes each, as the ASN.1 sequence of two integers that OpenSSL works on. */
function der(signature) {
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function integer(bytes) {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const sign = bytes[from] >= 0x80 ? [0] : [];
  const value = Buffer.from([...sign, ...bytes.subarray(from)]);
  return Buffer.concat([Buffer.from([0x02, value.length]), value]);
}
