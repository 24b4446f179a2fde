import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Real servers and worker threads: two files at a time keep a 2-core machine responsive.
    maxWorkers: 2,
  },
});
