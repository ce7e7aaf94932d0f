// What every Worker of the benchmark does with a request that it lets through. Checks nothing.

/** The service binding's answer where there is one, else a 200. */
export const pass = (request, env) => (env.UPSTREAM === undefined ? new Response("ok") : env.UPSTREAM.fetch(request));

export const refuse = () => new Response("unauthorized", { status: 401 });

/** The token of `Authorization: Bearer`, or `undefined`. */
export function bearer(request) {
  const value = request.headers.get("authorization");
  return value?.startsWith("Bearer ") ? value.slice("Bearer ".length) : undefined;
}
