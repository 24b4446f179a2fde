/** The buckets of the histograms, shared so that what is alike can be laid side by side. */

export const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
export const END_TO_END_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
export const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 75, 100, 250, 1000, 5000];
export const BODY_BYTES = [1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 4e6, 8e6];
