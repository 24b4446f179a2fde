import { defineConfig } from 'vitest/config';

/** Of the faults' dice: the same suite with another seed is another run. */
const SEED = 20261122;

export default defineConfig({
  test: {
    provide: { seed: Number(process.env.BRAZIER_TEST_SEED ?? SEED) },
    include: ['test/**/*.test.ts'],
    // Starts a broker when the first suite asks for one, and none when none does.
    globalSetup: ['test/support/kafka/global-setup.ts'],
    // Deadlines, not durations: a busy machine may need a minute where an idle one needs seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real servers and worker threads: two files at a time keep a 2-core machine responsive.
    maxWorkers: 2,
  },
});
