import { defineConfig } from 'vitest/config';

/** Of the faults' dice: the same suite with another seed is another run. */
const SEED = 20261122;

const KAFKA = ['test/kafka/**/*.test.ts'];
/** Minutes each: rows that kill, freeze and stop whole clusters, and the one that adds and removes workers for two minutes. */
const KAFKA_LONG = ['test/kafka/faults-brokers{,-three}.test.ts', 'test/kafka/faults-workers.test.ts'];

/**
 * Behind all others, since brokers take CPU that those are not to miss. What they do is waiting for the most part, for
 * sessions to end and brokers to come back: three files at a time.
 */
const APART = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    provide: { seed: Number(process.env.BRAZIER_TEST_SEED ?? SEED) },
    // Starts a broker when the first suite asks for one, and none when none does.
    globalSetup: ['test/support/kafka/global-setup.ts'],
    // Deadlines, not durations: a busy machine may need minutes where an idle one needs seconds.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    setupFiles: ['test/support/patience.ts'],
    // Real servers and worker threads: two files at a time keep a 2-core machine responsive.
    maxWorkers: 2,
    // Those of one group run by their names: the long ones first.
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts'], exclude: KAFKA } },
      { extends: true, test: { name: 'kafka 1', include: KAFKA_LONG, ...APART } },
      { extends: true, test: { name: 'kafka 2', include: KAFKA, exclude: KAFKA_LONG, ...APART } },
    ],
  },
});
