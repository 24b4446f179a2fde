import type { Operation } from './operation.ts';
import type { Filtered, Rejected, Warning } from './outcome.ts';

/** What a transformer makes of one event. Pure: the same event and settings give the same result. */
export type TransformResult =
  | {
      readonly status: 'operations';
      readonly operations: readonly Operation[];
      readonly warnings: readonly Warning[];
    }
  | Filtered
  | Rejected;
