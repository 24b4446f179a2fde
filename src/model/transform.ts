import type { BrazierEvent } from './event.ts';
import type { Operation } from './operation.ts';
import type { Filtered, Rejected, Warning } from './outcome.ts';
import type { CutProperties } from './plain-event.ts';

/** What a transformer makes of one event. Pure: the same event and settings give the same result. */
export type TransformResult =
  | {
      readonly status: 'operations';
      readonly operations: readonly Operation[];
      readonly warnings: readonly Warning[];
    }
  | Filtered
  | Rejected;

/** One event → the Braze objects it causes. */
export interface Transform {
  (event: BrazierEvent): TransformResult;
  /** Undefined when the settings change the properties of every event. */
  readonly cut?: CutProperties | undefined;
}
