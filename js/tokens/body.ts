// A request's body, as much of it as the core judges. Reads no more than one byte past the limit, and decodes no text.

/** Largest body of a request, in bytes. One byte more is handed to the core, which refuses it then. */
export const MAX_BODY_BYTES = 16 * 1024;

/** The body of a request that has none. */
export const NO_BODY: Uint8Array = new Uint8Array();

/** A body's bytes, cut off one byte past the limit; the rest is never read. */
export async function readBody(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= MAX_BODY_BYTES) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, size);
    chunks.push(value);
    size += value.byteLength;
  }
  reader.cancel().catch(() => {});
  return joined(chunks, size).subarray(0, MAX_BODY_BYTES + 1);
}

/**
 * A body that came as text, cut off in the same way.
 *
 * @throws DOMException when it is said to be base64 and is not
 */
export function bodyOf(text: string, isBase64: boolean): Uint8Array {
  // No character stands for less than a byte, and four of base64 for three bytes.
  const bytes = isBase64
    ? Uint8Array.from(atob(text.slice(0, 4 * (MAX_BODY_BYTES + 1))), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(text.slice(0, MAX_BODY_BYTES + 1));
  return bytes.subarray(0, MAX_BODY_BYTES + 1);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
