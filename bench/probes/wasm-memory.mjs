// The package keeps its instances to itself: so what it compiles and makes is noted as it is made. Changes neither.

/** To be called before the package is imported. `bytes()` is the memory of all instances, `modules()` what was compiled. */
export function noteMemory() {
  const modules = [];
  const memories = [];
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct(target, [source]) {
      modules.push(source);
      return new target(source);
    },
  });
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, given) {
      const instance = new target(...given);
      const memory = Object.values(instance.exports).find((exported) => exported instanceof WebAssembly.Memory);
      if (memory !== undefined) memories.push(memory);
      return instance;
    },
  });
  return {
    bytes: () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0),
    modules: () => modules,
  };
}
