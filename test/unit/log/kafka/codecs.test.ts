/** Codecs of record batches: what kafkajs asks of them, and the bound on what a batch may become. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAX_INFLATED_BYTES, registerCodecs } from '../../../../src/log/kafka/codecs.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const { CompressionCodecs, CompressionTypes } = kafkajs;
const codecOf = (type: number) => (CompressionCodecs as Record<number, () => Codec>)[type]!();

beforeAll(registerCodecs);

describe.each([
  ['gzip', CompressionTypes.GZIP, gzipSync],
  ['zstd', CompressionTypes.ZSTD, zstdCompressSync],
] as const)('%s', (name, type, compressSync) => {
  test('gives back what it was given', async () => {
    const text = Buffer.from('a record '.repeat(1_000));
    const small = await codecOf(type).compress({ buffer: text });
    expect(small.length).toBeLessThan(text.length / 10);
    expect(await codecOf(type).decompress(small)).toEqual(text);
  });

  test('a batch that would fill the memory is refused before it does', async () => {
    const bomb = compressSync(Buffer.alloc(MAX_INFLATED_BYTES + 1));
    await expect(codecOf(type).decompress(bomb)).rejects.toMatchObject({
      name: 'UnreadableBatch',
      retriable: false,
      message: `a batch compressed with ${name} inflates to more than ${MAX_INFLATED_BYTES} bytes`,
    });
  });

  test('damaged bytes are named as such', async () => {
    await expect(codecOf(type).decompress(Buffer.from('not compressed'))).rejects.toThrow(
      `a batch compressed with ${name} is damaged`,
    );
  });
});

test.each([CompressionTypes.Snappy, CompressionTypes.LZ4])('codec %s stays unknown', (type) => {
  expect(() => codecOf(type)).toThrow(/compression not implemented/);
});
