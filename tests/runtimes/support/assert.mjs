// As much of an assertion library as the behaviour suite needs, in every runtime. Decides nothing about tollgate.

/** Throws unless `truth`. */
export function ok(truth, message = "not true") {
  if (!truth) throw new Error(message);
}

/** Throws unless both are written alike in JSON, with the members of objects in any order. */
export function equal(actual, expected, message = "") {
  const [one, other] = [JSON.stringify(sorted(actual)), JSON.stringify(sorted(expected))];
  if (one !== other) throw new Error(`${message} got ${one} and not ${other}`);
}

function sorted(value) {
  if (typeof value !== "object" || value === null) return value === undefined ? "(undefined)" : value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name])]),
  );
}

/** What `work` throws or rejects with; throws when it does neither. */
export async function thrown(work) {
  let result;
  try {
    result = await work();
  } catch (error) {
    return error;
  }
  throw new Error(`nothing was thrown, but given: ${JSON.stringify(result)}`);
}
