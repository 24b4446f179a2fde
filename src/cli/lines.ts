/** Cuts a byte stream into lines, holding no more than one of them; it reads on only when asked. */

/** Stands for a line longer than the cap: its bytes were passed over. */
export const OVERSIZED = Symbol('oversized');

export type Line = Buffer | typeof OVERSIZED;

const LINE_FEED = 0x0a;

/**
 * The lines of each chunk that was read, together. Only `\n` ends a line: `node:readline` also cuts at U+2028,
 * which JSON text may hold. The last line needs no end.
 */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<readonly Line[]> {
  const cutter = createCutter(maxBytes);
  for await (const chunk of input)
    yield cutter.cut(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  yield cutter.rest();
}

function createCutter(maxBytes: number) {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (part: Buffer) => {
    heldBytes += part.length;
    if (heldBytes <= maxBytes) held.push(part);
    else held = [];
  };
  const take = (): Line => {
    const line = heldBytes > maxBytes ? OVERSIZED : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    return line;
  };
  return {
    cut(chunk: Buffer): readonly Line[] {
      const lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        hold(chunk.subarray(start, end));
        lines.push(take());
        start = end + 1;
      }
      hold(chunk.subarray(start));
      return lines;
    },
    rest: (): readonly Line[] => (heldBytes === 0 ? [] : [take()]),
  };
}
