// What must not compile, against the published types of `tollgate/tokens`. Never run.

import { createTokens, dynamoDbStore, type FamilyRecord, memoryStore, secretsManagerKeys } from "tollgate/tokens";

const tokens = {
  issuer: "https://api.example.com",
  audience: "orders-api",
  entitlements: null,
  clients: [{ id: "web", secretHashes: ["sha256:x"] }],
} as const;
const good = { keys: "{}", store: memoryStore(), entitlements: null } as const;

// @ts-expect-error: options are compulsory
createTokens({ tokens });
// @ts-expect-error: a configuration of a token service has `tokens`
createTokens({ issuers: [], rules: [] }, good);
// @ts-expect-error: who is asked must be stated
createTokens({ tokens: { issuer: "https://api.example.com", audience: "x", clients: [] } }, good);
// @ts-expect-error: an unknown member of it
createTokens({ tokens: { ...tokens, grace: 10 } }, good);
// @ts-expect-error: seconds are a number
createTokens({ tokens: { ...tokens, graceSeconds: "10" } }, good);
// @ts-expect-error: a secret itself is never configured
createTokens({ tokens: { ...tokens, clients: [{ id: "web", secret: "x" }] } }, good);

// @ts-expect-error: keys may not be left out
createTokens({ tokens }, { store: memoryStore(), entitlements: null });
// @ts-expect-error: nor be undefined, as an absent variable of the environment is
createTokens({ tokens }, { ...good, keys: new Headers().get("keys") ?? undefined });
// @ts-expect-error: nor may the store
createTokens({ tokens }, { keys: "{}", entitlements: null });
// @ts-expect-error: nor may the entitlements: null says that nobody is asked
createTokens({ tokens }, { keys: "{}", store: memoryStore() });
// @ts-expect-error: a store has five methods
createTokens({ tokens }, { ...good, store: { load: memoryStore().load } });
// @ts-expect-error: an unknown option
createTokens({ tokens }, { ...good, onevent: () => {} });
// @ts-expect-error: whether the user is a member must be said
createTokens({ tokens }, { ...good, entitlements: async () => ({ plan: "pro" }) });
// @ts-expect-error: what is forgotten is no answer
createTokens({ tokens }, { ...good, entitlements: async () => {} });
// @ts-expect-error: permissions are a list
createTokens({ tokens }, { ...good, entitlements: () => ({ member: true, permissions: "orders:read" }) });
// @ts-expect-error: an event has no token
createTokens({ tokens }, { ...good, onEvent: (event) => console.log(event.token) });

// @ts-expect-error: a table has a name
dynamoDbStore({ client: {} });
// @ts-expect-error: a client has methods
dynamoDbStore({ client: {}, table: "t" });
// @ts-expect-error: a client has methods
secretsManagerKeys({ client: {}, secretId: "x" });

const service = createTokens({ tokens }, good);
// @ts-expect-error: handle must be awaited, and may give null
const response: Response = service.handle(new Request("https://api.example.com"));
// @ts-expect-error: a Node request is no Request
service.handle({ method: "POST", url: "/auth/token", headers: {} });
// @ts-expect-error: an event of payload format 1.0
service.handleEvent({ version: "1.0", path: "/auth/token", httpMethod: "POST", headers: {} });

declare const record: FamilyRecord;
// @ts-expect-error: a record is replaced, never changed
record.revoked_at = null;
console.log(response);
