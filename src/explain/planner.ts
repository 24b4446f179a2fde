/** What a destination does with a record by its settings as they are now: the pipeline's own first steps. */
import { createTransform } from '../../transformers/transform.ts';
import type { DestinationConfig, SourceConfig } from '../config/config.ts';
import type { LogRecord } from '../model/record.ts';
import { type Plan, planRecord } from '../pipeline/plan.ts';
import { createRouter } from '../pipeline/routing.ts';

export interface Planner {
  readonly id: string;
  plan(record: LogRecord): Plan;
}

/** Compiles its mappings: some milliseconds. */
export function createPlanner(
  { id, settings }: Pick<DestinationConfig, 'id' | 'settings'>,
  sources: readonly Pick<SourceConfig, 'id' | 'destinations'>[],
): Planner {
  const connected = sources.filter(({ destinations }) => destinations?.includes(id) ?? true);
  const options = {
    destination: id,
    wants: (source: string) => connected.some((each) => each.id === source),
    route: createRouter(settings),
    transform: createTransform(settings),
  };
  return { id, plan: (record) => planRecord(textOf(record), record, options) };
}

export function textOf({ value }: Pick<LogRecord, 'value'>): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
}
