/** Subscription groups: whose order the operation keeps, and how many go at once. */
import { describe, expect, it } from 'vitest';
import { packEvent } from '../../../src/braze/requests.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import { personKey } from '../../../src/model/person.ts';
import { createTransform } from '../../../transformers/transform.ts';

function operationOf(rest: JsonObject) {
  const traits = { email: 'kim@ex.org', subscriptionState: 'subscribed' };
  const raw = { type: 'group', groupId: 'sg-9', traits, ...rest };
  const { event } = normalise(raw, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' });
  const result = createTransform({ enableSubscriptionGroupInGroupCall: true })(event);
  if (result.status !== 'operations') throw new Error(JSON.stringify(result));
  expect(result.operations).toHaveLength(1);
  const [operation] = result.operations;
  if (!operation) throw new Error('none');
  return { operation, key: personKey(raw) };
}

describe('a subscription', () => {
  it.each([
    [{ userId: 'u1', anonymousId: 'a1' }, 'external_id:u1'],
    [{ anonymousId: 'a1' }, 'alias:rudder_id:a1'],
    [{ userId: 'u1', context: { externalId: [{ type: 'brazeExternalId', id: 'b1' }] } }, 'external_id:b1'],
    [{ context: { mappedToDestination: true, externalId: [{ id: 'w1' }] } }, 'external_id:w1'],
  ])('keeps the order of its person: %j', (rest, expected) => {
    const { operation, key } = operationOf(rest);
    expect(operation).toMatchObject({ kind: 'subscription', keys: [expected], part: 'subscription:0' });
    expect(key).toBe(expected);
  });

  it('has its own endpoint and array', () => {
    const { operation } = operationOf({ userId: 'u1' });
    const [request] = packEvent([operation], 'combined');
    expect(request?.path).toBe('/v2/subscription/status/set');
    expect(JSON.parse(request?.body ?? '')).toEqual({ subscription_groups: [JSON.parse(operation.text)] });
  });

  it('never names both an e-mail address and a phone number', () => {
    const traits = { email: 'kim@ex.org', phone: 351, subscriptionState: 'unsubscribed' };
    const object = JSON.parse(operationOf({ userId: 'u1', traits }).operation.text);
    expect(object).toEqual({
      subscription_group_id: 'sg-9',
      subscription_state: 'unsubscribed',
      external_ids: ['u1'],
      phones: ['351'],
    });
  });
});
