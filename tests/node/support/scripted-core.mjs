// A core whose steps a test writes, put under the package before it is loaded: everything above it is the package's own.

/** `begin` and `next` answer with a step; what any of the three throws is a trap. `made` counts the cores. */
export const core = { serves: () => true, begin: undefined, next: undefined, made: 0, instances: 0 };

const RealInstance = WebAssembly.Instance;

/** The module's exports, with the three questions answered by the script. */
function scripted(exports) {
  const bytesAt = (pointer, length) => new Uint8Array(exports.memory.buffer, pointer, length).slice();
  const textAt = (pointer, length) => new TextDecoder().decode(bytesAt(pointer, length));
  const answer = (step) => {
    const bytes = new TextEncoder().encode(JSON.stringify(step));
    const pointer = exports.__wbindgen_malloc(bytes.length, 1);
    new Uint8Array(exports.memory.buffer).set(bytes, pointer);
    return [pointer, bytes.length, 0, 0];
  };
  // As the glue passes them: a pointer and a length for each text.
  const tokensServes = (_core, url, urlLength) => Number(core.serves(textAt(url, urlLength)));
  const tokensBegin = (_core, ...given) => {
    const [method, methodLength, url, urlLength, headers, headersLength, count, body, bodyLength, now] = given;
    return answer(
      core.begin({
        method: textAt(method, methodLength),
        url: textAt(url, urlLength),
        headers: textAt(headers, headersLength).split("\n"),
        count,
        body: bytesAt(body, bodyLength),
        now,
      }),
    );
  };
  const tokensNext = (_core, state, stateLength, outcome, outcomeLength, now) =>
    answer(core.next({ state: textAt(state, stateLength), outcome: JSON.parse(textAt(outcome, outcomeLength)), now }));
  const tokens = (...given) => {
    core.made += 1;
    return exports.core_tokens(...given);
  };
  return {
    ...exports,
    core_tokens: tokens,
    core_tokensServes: tokensServes,
    core_tokensBegin: tokensBegin,
    core_tokensNext: tokensNext,
  };
}

WebAssembly.Instance = new Proxy(RealInstance, {
  construct(_target, [module, imports]) {
    core.instances += 1;
    return { exports: scripted(new RealInstance(module, imports).exports) };
  },
});
