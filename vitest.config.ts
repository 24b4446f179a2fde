import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Deadlines, not durations: a busy machine may need a minute where an idle one needs seconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real servers and worker threads: two files at a time keep a 2-core machine responsive.
    maxWorkers: 2,
  },
});
