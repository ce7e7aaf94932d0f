// Just enough of RFC 6455 to shake hands and exchange short texts over a raw socket. Knows no extension.

import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const acceptKey = (key) =>
  createHash("sha1")
    .update(key + GUID)
    .digest("base64");

/** Opens a WebSocket; resolves to `{ status, head, ask(text), close() }` whether or not it was let through. */
export function openWebSocket(port, { target, host = "acme.localhost", headers = [] }) {
  const key = randomBytes(16).toString("base64");
  const fields = [
    ["host", host],
    ["connection", "Upgrade"],
    ["upgrade", "websocket"],
    ["sec-websocket-version", "13"],
  ];
  fields.push(["sec-websocket-key", key], ...headers);
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(30_000, () => socket.destroy(new Error("the WebSocket hangs")));
  socket.write(`GET ${target} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  const reader = bytesOf(socket);
  return (async () => {
    const head = (await reader.until("\r\n\r\n")).toString("latin1");
    const status = Number(head.split(" ")[1]);
    if (status === 101 && !head.includes(acceptKey(key)))
      throw new Error("the handshake was not answered for this key");
    const ask = async (text) => {
      socket.write(frame(text, true));
      return readFrame(reader);
    };
    return { status, head: head.toLowerCase(), ask, close: () => socket.destroy() };
  })();
}

/** An `upgrade` listener for a node http server: echoes texts. `seen` gets the request. */
export function echoUpgrade(seen) {
  return (request, socket) => {
    seen(request);
    const accept = acceptKey(request.headers["sec-websocket-key"]);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const reader = bytesOf(socket);
    (async () => {
      for (;;) socket.write(frame(`echo ${await readFrame(reader)}`, false));
    })().catch(() => socket.destroy());
  };
}

function frame(text, masked) {
  const payload = Buffer.from(text);
  const mask = masked ? randomBytes(4) : Buffer.alloc(4);
  const head = Buffer.from([0x81, (masked ? 0x80 : 0) | payload.length]);
  return Buffer.concat([head, masked ? mask : Buffer.alloc(0), payload.map((octet, index) => octet ^ mask[index % 4])]);
}

/** The text of one frame of at most 125 bytes. */
async function readFrame(reader) {
  const [first, second] = await reader.take(2);
  if (first !== 0x81) throw new Error(`not a text frame: ${first}`);
  const mask = second & 0x80 ? await reader.take(4) : Buffer.alloc(4);
  const payload = await reader.take(second & 0x7f);
  return Buffer.from(payload.map((octet, index) => octet ^ mask[index % 4])).toString();
}

function bytesOf(socket) {
  let held = Buffer.alloc(0);
  let wake = () => {};
  let over = false;
  socket.on("data", (chunk) => {
    held = Buffer.concat([held, chunk]);
    wake();
  });
  for (const event of ["end", "close", "error"]) {
    socket.on(event, () => {
      over = true;
      wake();
    });
  }
  const when = async (ready) => {
    while (!ready()) {
      if (over) throw new Error("the connection ended");
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  const cut = (count) => {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  return {
    take: async (count) => {
      await when(() => held.length >= count);
      return cut(count);
    },
    until: async (mark) => {
      await when(() => held.includes(mark));
      return cut(held.indexOf(mark) + mark.length);
    },
  };
}
