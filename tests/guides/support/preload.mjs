// Loaded before a snippet: tells the tests what is printed at which line, and lets nothing out of this machine.

import { Server } from "node:net";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const folder = pathToFileURL(`${process.cwd()}/`).href;
const tell = (message) => process.send?.(message);

/** Where in the guide's own files this was called from. */
function caller() {
  const frame = new Error().stack.split("\n").find((line) => line.includes(folder) && !line.includes("/node_modules/"));
  const [, file, line] = /([^/]+):(\d+):\d+\)?$/.exec(frame ?? "") ?? [];
  return { file, line: Number(line) };
}

const { log } = console;
console.log = (...values) => {
  tell({ printed: format(...values), ...caller() });
  log(...values);
};

const { fetch } = globalThis;
globalThis.fetch = async (input, init) => {
  const { hostname, href } = new URL(input instanceof Request ? input.url : input);
  if (hostname === "127.0.0.1" || hostname === "localhost") return fetch(input, init);
  tell({ reached: href });
  throw new TypeError(`a guide's snippet must not reach ${href}`);
};

const { listen } = Server.prototype;
Server.prototype.listen = function (...settings) {
  this.once("listening", () => tell({ listening: true }));
  return listen.apply(this, settings);
};
