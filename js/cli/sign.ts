// Keys and tokens for tests and for one's own issuer: made by Node, never by the verifier's core. Keeps none and prints none.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from "node:crypto";
import { Misuse } from "./io.js";
import { isMembers, type Members } from "./lint/judge.js";

export type Algorithm = "ES256" | "RS256";

/** A JWK. */
export type Jwk = Members & { readonly kty: string; readonly kid: string };

export interface Pair {
  readonly private: Jwk;
  readonly public: Jwk;
}

/** The members of a public key, in the order of RFC 7638, of which its thumbprint is made. */
const PUBLIC = { EC: ["crv", "kty", "x", "y"], RSA: ["e", "kty", "n"] } as const;
const PRIVATE = { EC: ["d"], RSA: ["d", "p", "q", "dp", "dq", "qi"] } as const;

/** A new pair. Without a `kid`, it is the key's thumbprint (RFC 7638). */
export function newPair(algorithm: Algorithm, bits: number, kid?: string): Pair {
  const { privateKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: bits });
  return pairOf(privateKey.export({ format: "jwk" }) as Members, kid);
}

/** Both halves of a private JWK, with `alg`, `kid` and `use`. */
function pairOf(jwk: Members, kid?: string): Pair {
  const kty = jwk.kty === "EC" ? "EC" : "RSA";
  const algorithm: Algorithm = kty === "EC" ? "ES256" : "RS256";
  const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, jwk[name]]));
  const material = pick(PUBLIC[kty]);
  const id = kid ?? createHash("sha256").update(JSON.stringify(material)).digest("base64url");
  const shared = { ...material, kty, kid: id, alg: algorithm, use: "sig" };
  return { public: shared, private: { ...shared, ...pick(PRIVATE[kty]) } };
}

/**
 * The pair of a private JWK, given alone or as `keygen` prints it.
 *
 * @throws Misuse when it is none; no message holds a part of it
 */
export function pairFrom(document: unknown): Pair {
  const jwk = isMembers(document) && isMembers(document.private) ? document.private : document;
  if (!isMembers(jwk) || typeof jwk.d !== "string") {
    throw new Misuse("--key: expected a private JWK, or what `tollgate keygen` prints");
  }
  try {
    const key = createPrivateKey({ key: jwk as JsonWebKey, format: "jwk" });
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(key);
    if (type !== "rsa" && !(type === "ec" && details?.namedCurve === "prime256v1")) throw new Error("another kind");
  } catch {
    // Node's own message may hold a part of the key.
    throw new Misuse("--key: expected a private key for ES256 (P-256) or RS256");
  }
  const { kid } = jwk;
  return pairOf(jwk, typeof kid === "string" ? kid : undefined);
}

/** A token of these claims, signed with the pair's private half. `header` replaces members; one that is null is left out. */
export function signToken(pair: Pair, claims: Members, header: Members = {}): string {
  const { kid, alg } = pair.private;
  const whole = Object.fromEntries(
    Object.entries({ alg, typ: "JWT", kid, ...header }).filter(([, value]) => value !== null),
  );
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part(whole)}.${part(claims)}`;
  const key = createPrivateKey({ key: pair.private as JsonWebKey, format: "jwk" });
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}
