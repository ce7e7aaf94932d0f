// Who takes part, and in which rows of which table: a row is one kind of traffic to one server. Pure; starts nothing.

/** What the others' CPU is counted from. */
export const NOTHING = "nothing";
export const TOLLGATE = "tollgate";
export const CACHED = "tollgate, cache";
const PEERS = ["jose", "hono", "aws-jwt-verify", "cloudflare-worker-jwt"];

/** What `--only` takes, in the order of the tables. The do-nothing Worker always takes part. */
export const GROUPS = [TOLLGATE, ...PEERS];

export const SIGNED = ["ES256", "RS256"];
export const DENIED = ["no token", "malformed", "expired", "unknown key"];
/**
 * The rows of a table. `baseline` is the kind of traffic that the do-nothing Worker is given beside it: requests as long, but
 * for what is denied, which is counted from the same as an allowed ES256.
 *
 * @param forwards whether all forward to one service binding what they let through
 */
export function rowsOf(groups, { forwards, caches }) {
  const rows = [NOTHING, ...groups].flatMap((server) => SIGNED.map((traffic) => row(server, traffic, traffic)));
  if (!groups.includes(TOLLGATE)) return rows;
  const repeated = [row(TOLLGATE, "repeated", "ES256"), ...(caches ? [row(CACHED, "repeated", "ES256")] : [])];
  return [...rows, ...(forwards ? [] : repeated), ...DENIED.map((traffic) => row(TOLLGATE, traffic, "ES256"))];
}

const row = (server, traffic, baseline) => ({ name: `${server}, ${traffic}`, server, traffic, baseline });
