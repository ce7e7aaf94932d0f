// The sample API: two tenants' orders. Verifies no token and knows no key; the gate in front of it does, and tells it who
// asks in x-tollgate-* fields.

import { parseString, parseStringList } from "./fields.ts";

interface Order {
  readonly id: string;
  readonly item: string;
  readonly amount: number;
}

/** Who asks, as the gate says. */
interface Caller {
  readonly kind: "user" | "client";
  readonly id: string;
  readonly tenant: string;
  readonly plan: string | null;
  readonly permissions: readonly string[];
}

const ORDERS: Readonly<Record<string, readonly Order[]>> = {
  acme: [
    { id: "a-1", item: "anvil", amount: 120 },
    { id: "a-2", item: "rocket skates", amount: 340 },
  ],
  globex: [
    { id: "g-1", item: "hammock", amount: 75 },
    { id: "g-2", item: "weather machine", amount: 98_000 },
  ],
};

export default {
  async fetch(request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return Response.json({ status: "ok" });
    const caller = readCaller(request.headers);
    // Nobody gets here without one, unless a rule that should not be public is.
    if (caller === null) return problem(500, "the gate named no caller");
    if (pathname === "/me") return Response.json(caller);
    const orders = Object.hasOwn(ORDERS, caller.tenant) ? ORDERS[caller.tenant]! : [];
    return answer(request, pathname, caller, orders);
  },
} satisfies ExportedHandler;

async function answer(request: Request, pathname: string, caller: Caller, orders: readonly Order[]): Promise<Response> {
  if (pathname === "/orders" && request.method === "POST") return placeOrder(request, caller);
  if (pathname === "/orders") return Response.json({ tenant: caller.tenant, orders });
  if (pathname === "/reports/orders.csv") return csv(orders);
  if (pathname === "/reports" || pathname === "/reports/") {
    const total = orders.reduce((sum, { amount }) => sum + amount, 0);
    return Response.json({ tenant: caller.tenant, orders: orders.length, total });
  }
  if (pathname === "/jobs/nightly") return Response.json({ tenant: caller.tenant, startedBy: caller.id });
  const order = orders.find(({ id }) => pathname === `/orders/${id}`);
  return order ? Response.json(order) : problem(404, "no such resource");
}

async function placeOrder(request: Request, caller: Caller): Promise<Response> {
  const order: unknown = await request.json().catch(() => null);
  if (typeof order !== "object" || order === null) return problem(400, "expected a JSON object");
  return Response.json({ tenant: caller.tenant, placedBy: caller.id, order }, { status: 201 });
}

/** Would be cached by a shared cache if the gate did not say `private`. */
function csv(orders: readonly Order[]): Response {
  const lines = orders.map(({ id, item, amount }) => `${id},${item},${amount}\n`);
  return new Response(`id,item,amount\n${lines.join("")}`, {
    headers: { "content-type": "text/csv", "cache-control": "public, max-age=3600" },
  });
}

function readCaller(headers: Headers): Caller | null {
  const user = parseString(headers.get("x-tollgate-user"));
  const client = parseString(headers.get("x-tollgate-client"));
  const tenant = parseString(headers.get("x-tollgate-tenant"));
  const id = user ?? client;
  if (id === null || tenant === null) return null;
  return {
    kind: user === null ? "client" : "user",
    id,
    tenant,
    plan: parseString(headers.get("x-tollgate-plan")),
    permissions: parseStringList(headers.get("x-tollgate-permissions")),
  };
}

function problem(status: number, detail: string): Response {
  return Response.json({ type: "about:blank", status, detail }, { status });
}
