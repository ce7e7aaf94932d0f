// Who may do what: the token service asks at each log-in and each refresh. A list in the place of a database; it proves
// nobody's identity, and only the service binding reaches it.

interface Membership {
  readonly plan: string;
  readonly permissions: readonly string[];
}

/** By user, then by tenant. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, Membership>>>> = {
  ann: { acme: { plan: "pro", permissions: ["reports:read"] } },
  bob: { acme: { plan: "free", permissions: [] }, globex: { plan: "pro", permissions: ["reports:read"] } },
};

export default {
  async fetch(request): Promise<Response> {
    const { user, tenant } = await request.json<{ user: string; tenant: string }>();
    const tenants = Object.hasOwn(MEMBERS, user) ? MEMBERS[user]! : {};
    const membership = Object.hasOwn(tenants, tenant) ? tenants[tenant]! : null;
    return Response.json(membership === null ? { member: false } : { member: true, ...membership });
  },
} satisfies ExportedHandler;
