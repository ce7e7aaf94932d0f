// A `.wasm` import is a compiled module: true of workerd, the one runtime whose entry file imports one.

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
