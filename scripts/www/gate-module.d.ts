// The gate's wasm module, deflated: scripts/www-files.mjs puts it in.

declare module "gate-module" {
  const deflated: Uint8Array<ArrayBuffer>;
  export default deflated;
}
