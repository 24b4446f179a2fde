import { expect, it } from 'vitest';
import type { OperationKind } from '../../../src/model/operation.ts';
import type { RecordHeaders } from '../../../src/model/record.ts';
import { planRecord } from '../../../src/pipeline/plan.ts';

const EVENT = JSON.stringify({ type: 'track', userId: 'u', event: 'e' });

/** The parts that a record with these headers sends, or the code of what becomes of it instead. */
function planned(made: readonly string[], headers: Partial<RecordHeaders>) {
  const operations = made.map((part) => ({
    kind: part.split(':')[0] as OperationKind,
    part,
    keys: ['external_id:u'],
    text: '{}',
    bytes: 2,
  }));
  const plan = planRecord(
    EVENT,
    {
      headers: {
        source: 'shop',
        receivedAt: '2026-01-01T00:00:00.000Z',
        replayDestination: 'braze',
        ...headers,
      },
      corrupt: false,
    },
    {
      destination: 'braze',
      wants: () => true,
      route: () => ({ status: 'wanted', warnings: [] }),
      transform: () => ({ status: 'operations', operations, warnings: [] }),
    },
  );
  return plan.status === 'operations' ? plan.operations.map(({ part }) => part) : plan.code;
}

const ALL = ['attributes:0', 'event:0', 'purchase:0', 'purchase:1', 'subscription:0'];
const STATE = 'attributes,subscription';

it.each<[string, readonly string[], Partial<RecordHeaders>, unknown]>([
  ['everything without limits', ALL, {}, ALL],
  ['the parts it names', ALL, { replayParts: 'purchase:1,event:0' }, ['event:0', 'purchase:1']],
  ['every part of a kind it names', ALL, { replayParts: STATE }, ['attributes:0', 'subscription:0']],
  ['all but the kinds it leaves out', ALL, { replayWithout: STATE }, ['event:0', 'purchase:0', 'purchase:1']],
  ['both together', ALL, { replayParts: 'attributes:0,event:0', replayWithout: STATE }, ['event:0']],
  ['nothing, when all it has is left out', ['attributes:0'], { replayWithout: STATE }, 'nothing_to_replay'],
  ['nothing, when it has none of the kind', ['event:0'], { replayParts: STATE }, 'nothing_to_replay'],
  [
    'nothing, and says so, when a part is gone',
    ['event:0'],
    { replayParts: 'purchase:1' },
    'replay_mismatch',
  ],
])('a replay sends %s', (_, made, headers, expected) => {
  expect(planned(made, headers)).toEqual(expected);
});
