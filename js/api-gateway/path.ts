// The path of an event: without what a custom domain's mapping and the stage put before it, and with the escapes that API Gateway
// took away. Takes off what is configured, once, and guesses nothing.

import { configError } from "../error.js";

/** What stands before the paths of the rules. */
export interface Mapping {
  /** The mapping of a custom domain, such as `/orders` or `/orders/v1`; with it, a path that does not begin so is refused. */
  readonly basePath?: string | undefined;
  /** The name of the stage, where paths begin with it; with it, a path that does not is refused. `$default` never does. */
  readonly stage?: string | undefined;
}

const BASE_PATH = /^(?:\/[A-Za-z0-9$_.+!*'()-]+)+$/;
const STAGE = /^[A-Za-z0-9_-]{1,128}$/;

/** @throws TollgateError `config_invalid` */
export function checkMapping({ basePath, stage }: Mapping): Mapping {
  const isBase = basePath === undefined || (typeof basePath === "string" && BASE_PATH.test(basePath));
  if (!isBase || /\/\.{1,2}(?:\/|$)/.test(basePath ?? "")) {
    throw configError("options.basePath", "a path such as /orders, without a final slash");
  }
  if (stage !== undefined && (typeof stage !== "string" || !STAGE.test(stage))) {
    throw configError("options.stage", "a stage's name; leave it out for $default, which is in no path");
  }
  return { basePath, stage };
}

/** The path behind base path and stage, in this order; undefined when it does not begin with them. */
export function stripped(path: unknown, { basePath, stage }: Mapping): string | undefined {
  if (typeof path !== "string") return undefined;
  return without(without(path, basePath), stage === undefined ? undefined : `/${stage}`);
}

function without(path: string | undefined, prefix: string | undefined): string | undefined {
  if (path === undefined || prefix === undefined) return path;
  if (path === prefix) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

/**
 * A path that API Gateway decoded, with its escapes again, so that the core judges the one way to write it. Undefined where
 * more than one path could have become it, or an integration could read another one in it.
 */
export function encoded(decoded: string | undefined): string | undefined {
  if (decoded === undefined) return undefined;
  // U+FFFD is what bytes become that are not UTF-8. Control characters are refused by the core, encoded or not.
  if (/[%?#\\\ufffd]|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(decoded)) return undefined;
  try {
    return decoded.replace(/[^\w\-.~!$&'()*+,=:@;/]+/g, encodeURIComponent);
  } catch {
    // A lone surrogate.
    return undefined;
  }
}
