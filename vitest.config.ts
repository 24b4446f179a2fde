import { defineConfig } from 'vitest/config';

/** Of the faults' dice: the same suite with another seed is another run. */
const SEED = 20261122;

/**
 * Rows 13 to 17 start, stop and freeze whole clusters: minutes each, and they want the machine for themselves. They run by
 * `npm run test:brokers`, and not with the rest.
 */
const BROKER_ROWS = ['test/kafka/faults-brokers.test.ts', 'test/kafka/faults-brokers-three.test.ts'];
const isForBrokers = process.env.BRAZIER_TEST_BROKERS === '1';

export default defineConfig({
  test: {
    provide: { seed: Number(process.env.BRAZIER_TEST_SEED ?? SEED) },
    include: isForBrokers ? BROKER_ROWS : ['test/**/*.test.ts'],
    exclude: isForBrokers ? [] : BROKER_ROWS,
    // Starts a broker when the first suite asks for one, and none when none does.
    globalSetup: ['test/support/kafka/global-setup.ts'],
    // Deadlines, not durations: a busy machine may need a minute where an idle one needs seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real servers and worker threads: two files at a time keep a 2-core machine responsive.
    maxWorkers: 2,
  },
});
