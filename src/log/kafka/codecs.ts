/** Compression of record batches: gzip and zstd by Node's zlib, each with a bound on what a batch may inflate to. */
import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/**
 * Brokers limit a batch as it is sent (1 MB by default), clients what they put into one (1 MB, librdkafka and the Java
 * producer): what inflates to more than this was made to hurt.
 */
export const MAX_INFLATED_BYTES = 128 * 1024 * 1024;

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

/** Thrown through kafkajs, which tries what is not marked again and again. */
export class UnreadableBatch extends Error {
  readonly retriable = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnreadableBatch';
  }
}

type Inflate = (buffer: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

async function inflated(codec: string, inflate: Inflate, buffer: Buffer): Promise<Buffer> {
  try {
    return await inflate(buffer, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const what = isTooLarge ? `inflates to more than ${MAX_INFLATED_BYTES} bytes` : 'is damaged';
    throw new UnreadableBatch(`a batch compressed with ${codec} ${what}`, { cause: error });
  }
}

const deflateGzip = promisify(gzip);
const deflateZstd = promisify(zstdCompress);

const gzipCodec: Codec = {
  compress: ({ buffer }) => deflateGzip(buffer),
  decompress: (buffer) => inflated('gzip', promisify(gunzip), buffer),
};

const zstdCodec: Codec = {
  compress: ({ buffer }) => deflateZstd(buffer),
  decompress: (buffer) => inflated('zstd', promisify(zstdDecompress), buffer),
};

/** For the whole process. Snappy and LZ4 stay what kafkajs leaves them: a batch that has them cannot be read. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = () => gzipCodec;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstdCodec;
}
