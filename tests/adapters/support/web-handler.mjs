// The API behind the gate where requests are `Request`s: says what it saw. Judges nothing, and imports nothing of any host.

let calls = 0;

const hex = (bytes) => Array.from(new Uint8Array(bytes), (octet) => octet.toString(16).padStart(2, "0")).join("");

/** Answers as the paths of tests/adapters/support/config.mjs promise. */
export async function handle(request, principal) {
  calls += 1;
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/health") return Response.json({ calls }, { headers: { "cache-control": "public, max-age=60" } });
  if (pathname === "/api/throw") throw new Error("the handler's own");
  if (pathname === "/api/stream") return new Response(slowly());
  if (pathname === "/api/loud") {
    const headers = {
      "cache-control": "public, s-maxage=60",
      "access-control-allow-origin": "*",
      vary: "accept-encoding",
    };
    return new Response("loud", { headers });
  }
  if (pathname === "/api/forward") return fetch(new Request(searchParams.get("to"), request));
  if (pathname === "/api/socket") return socket(request.headers.get("x-tollgate-user"));
  const digest = hex(await crypto.subtle.digest("SHA-256", await request.arrayBuffer()));
  const { method, url, redirect } = request;
  return Response.json({ method, url, redirect, headers: [...request.headers], principal, digest });
}

/** "one", and "two" a while later. */
function slowly() {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode("one"));
      setTimeout(() => {
        controller.enqueue(encoder.encode("two"));
        controller.close();
      }, 400);
    },
  });
}

/** The same for Hono's `upgradeWebSocket`. */
export const echo = (c) => ({
  onMessage: ({ data }, socket) => socket.send(`echo ${data} of ${c.req.header("x-tollgate-user")}`),
});

/** Only workerd can open one in this way. */
function socket(user) {
  const [client, server] = Object.values(new globalThis.WebSocketPair());
  server.accept();
  server.addEventListener("message", ({ data }) => server.send(`echo ${data} of ${user}`));
  return new Response(null, { status: 101, webSocket: client });
}
