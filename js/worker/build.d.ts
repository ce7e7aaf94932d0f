// The types of worker-build's output, which has none of its own: the crate's exports as js/worker.ts uses them.

declare module "*/build/index.js" {
  /** A gate's core, or a token service's: the Worker's module has both faces. */
  export type Core = import("../generated/gate/tollgate.js").Core &
    import("../generated/tokens/tollgate.js").Core & {
      requestAt(bytes: number): number;
      answeredAt(): number;
      decide(length: number, count: number, now: number, lastTry: boolean): boolean;
    };
  export const Core: {
    memory(): WebAssembly.Memory;
    chooseKernel(best: string): string;
    tablesMade(): number;
    gate(config: string, kernel: string, ownKeys?: string): Core;
    tokens(config: string, keys: string, kernel: string): Core;
  };

  /** The Durable Object of src/worker/families.rs. Only the runtime makes one. */
  export const Families: new (state: DurableObjectState, env: Cloudflare.Env) => DurableObject;

  /** The crate's handlers; every free export of the crate is on the prototype. */
  const Rust: {
    new (context: ExecutionContext, env: Cloudflare.Env): { fetch(request: Request): Promise<Response> };
    readonly prototype: {
      /** `fetch_key_set` of src/worker/keys.rs. */
      readonly fetchKeySet: (
        issuer: string,
        url: string,
        cachedSince: number | undefined,
        newerThan: number | undefined,
        signal: AbortSignal,
      ) => Promise<string>;
      /** `share_key_set` of src/worker/keys.rs. */
      readonly shareKeySet: (issuer: string, url: string, text: string, fetchedAt: number) => Promise<void>;
    };
  };
  export default Rust;
}
