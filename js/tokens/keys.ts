// Where the signing keys come from, when the host has no text of them at hand. Keeps them in memory only, and makes none.

import { TollgateError } from "../error.js";

/** Gives the keys document (what `npm run keys -- new` wrote), or an array of several, as JSON text. Called at each request. */
export type KeySource = () => string | Promise<string>;

/** How long a secret is used before it is read again, in milliseconds: a next key is published far longer ahead. */
const FRESH_MILLISECONDS = 300_000;
/** After a failure it is asked again no sooner than this, in milliseconds, while the last text is at hand. */
const PAUSE_MILLISECONDS = 30_000;
/** How long one reading may take, in milliseconds. */
const CALL_MILLISECONDS = 2_000;

/** What is called of the AWS SDK's client: `new SecretsManager({ … })` of `@aws-sdk/client-secrets-manager` has it. */
export interface SecretsManagerClient {
  getSecretValue(
    input: { SecretId: string },
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{ SecretString?: string | undefined }>;
}

/** Which secret holds the keys document. */
export interface SecretsManagerOptions {
  readonly client: SecretsManagerClient;
  /** The secret's name or ARN. */
  readonly secretId: string;
}

/**
 * Reads the keys document from AWS Secrets Manager: at first use, then again when 300 s have passed. Where a later reading
 * fails, the keys at hand stay in use.
 *
 * @example
 * ```ts
 * import { SecretsManager } from "@aws-sdk/client-secrets-manager";
 * const keys = secretsManagerKeys({ client: new SecretsManager({}), secretId: "tollgate/keys" });
 * ```
 */
export function secretsManagerKeys({ client, secretId }: SecretsManagerOptions): KeySource {
  let text: string | undefined;
  let due = 0;
  let reading: Promise<string> | undefined;
  const read = async (): Promise<string> => {
    due = Date.now() + PAUSE_MILLISECONDS;
    const options = { abortSignal: AbortSignal.timeout(CALL_MILLISECONDS) };
    const { SecretString } = await client.getSecretValue({ SecretId: secretId }, options);
    if (SecretString === undefined) throw new TollgateError("keys_unavailable", "the secret holds no text");
    due = Date.now() + FRESH_MILLISECONDS;
    text = SecretString;
    return text;
  };
  return () => {
    if (text !== undefined && Date.now() < due) return text;
    // All who ask meanwhile wait for the one reading.
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
