/** Where the groups stand when the brokers do not answer, and how often they are asked. */
import { describe, expect, it, vi } from 'vitest';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';
import type { RawCluster } from '../../../../src/log/kafka/internals.ts';
import type { RangeReader } from '../../../../src/log/kafka/range-reader.ts';
import { createStandings } from '../../../../src/log/kafka/standings.ts';

function standingsOf(connect: () => Promise<void>) {
  const cluster = { connect, disconnect: async () => undefined } as unknown as RawCluster;
  const standings = createStandings({
    client: { newCluster: () => cluster } as KafkaClient,
    reader: {} as RangeReader,
    events: { topic: 't', partitions: 1, maxMessageBytes: 1 },
    groupPrefix: 'p',
    now: () => 0,
  });
  standings.know(['a']);
  return standings;
}

describe('where the groups stand', () => {
  it('is not known when the brokers do not answer, and is asked again', async () => {
    let tries = 0;
    const standings = standingsOf(async () => {
      tries += 1;
      throw Object.assign(new Error('connect ECONNREFUSED'), { name: 'KafkaJSConnectionError' });
    });
    for (const expected of [1, 2]) {
      await expect(standings.groups()).rejects.toMatchObject({ name: 'LogError', code: 'log_unavailable' });
      expect(tries).toBe(expected);
    }
    standings.know([]);
    expect(await standings.groups()).toEqual([]);
  });

  it('is asked for once at a time', async () => {
    let [under, most] = [0, 0];
    const standings = standingsOf(async () => {
      under += 1;
      most = Math.max(most, under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      throw new Error('down');
    });
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => standings.groups()));
    expect(asked.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(most).toBe(1);
  });

  it('is asked for once for all who ask while brokers do not answer, and once more for those who came later', async () => {
    const answers: (() => void)[] = [];
    const standings = standingsOf(
      () => new Promise((_resolve, reject) => answers.push(() => reject(new Error('down')))),
    );
    const first = standings.groups();
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const later = Array.from({ length: 20 }, () => standings.groups());
    answers[0]?.();
    await expect(first).rejects.toThrow('down');
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.();
    await Promise.allSettled(later);
    expect(answers).toHaveLength(2);
  });
});
