import { expect, test } from 'vitest';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';
import { createGroupOffsets } from '../../../../src/log/kafka/session-offsets.ts';

test('closing waits a second at most for brokers that never answer', async () => {
  const never = new Promise<void>(() => undefined);
  const newCluster = () => ({ connect: () => never, disconnect: () => never });
  const offsets = createGroupOffsets({ newCluster } as unknown as KafkaClient);
  offsets.topics().catch(() => undefined);
  const began = performance.now();
  await offsets.close();
  expect(performance.now() - began).toBeLessThan(3_000);
});
