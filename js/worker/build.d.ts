// The types of worker-build's output, which has none of its own: the crate's exports as the Worker's entries use them.

declare module "*/build/gate/index.js" {
  export const Core: import("./core.ts").Crate["Core"];

  /** The crate's handlers; every free export of the crate is on the prototype. */
  const Rust: { readonly prototype: Omit<import("./core.ts").Crate, "Core"> };
  export default Rust;
}

declare module "*/build/tokens/index.js" {
  export const Core: import("./core.ts").Crate["Core"] & import("./tokens.ts").TokensStart;

  /** The Durable Object of src/worker/families.rs. Only the runtime makes one. */
  export const Families: new (state: DurableObjectState, env: Cloudflare.Env) => DurableObject;

  const Rust: { readonly prototype: Omit<import("./core.ts").Crate, "Core"> };
  export default Rust;
}
