/** The judge is judged: each way in which the promise can be broken turns it red. */
import { describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../src/sandbox/server.ts';
import { expectPromiseKept, type Judgement, judge, orphansOf } from '../support/judge.ts';
import { expectHealthy, leaksIn } from '../support/process-judge.ts';
import { type Produced, payload } from '../support/producer.ts';

type Properties = ReturnType<typeof payload>;

const produced = new Map<string, Produced>(
  ['kim', 'ada'].flatMap((person) =>
    [0, 1, 2].map((sequence) => {
      const id = `${person}/${sequence}`;
      return [id, { id, person, identity: person, sequence, array: 'events' }] as const;
    }),
  ),
);

function events(...sent: Properties[]): RecordedRequest {
  const body = { events: sent.map((properties) => ({ name: 'Step', properties: { ...properties } })) };
  return { id: 0, at: '', path: '/users/track', status: 201, body, reply: { message: 'success' } };
}

const of = (id: string): Properties => payload(id, Number(id.split('/')[1]));
const kim = ['kim/0', 'kim/1', 'kim/2'].map(of) as [Properties, Properties, Properties];
const ada = ['ada/0', 'ada/1', 'ada/2'].map(of);
const whole = [events(...kim), events(...ada)];

function judged(requests: readonly RecordedRequest[], letters: string[] = []): Judgement {
  const producer = { produced, acknowledged: new Set(produced.keys()) };
  return judge({ producer, requests, letters: new Set(letters), lifeOf: () => 0 });
}

describe('the judge', () => {
  it('is content when all arrived once, in order, or is a dead letter', () => {
    expectPromiseKept(judged(whole), 0);
    expectPromiseKept(judged([events(kim[0], kim[2]), events(...ada)], ['kim/1']), 0);
  });

  it.each<[string, readonly RecordedRequest[], Partial<Judgement>]>([
    ['lost', [events(kim[0], kim[1]), events(...ada)], { lost: 1 }],
    [
      'refused by Braze and no dead letter',
      [{ ...events(...kim), reply: { errors: [{ input_array: 'events', index: 1 }] } }, events(...ada)],
      { lost: 1 },
    ],
    ['answered with 500 only', [{ ...events(...kim), status: 500 }, events(...ada)], { lost: 3 }],
    ['reordered within a request', [events(kim[1], kim[0], kim[2]), events(...ada)], { reordered: 1 }],
    ['reordered across requests', [events(kim[0], kim[2]), events(kim[1]), events(...ada)], { reordered: 1 }],
    ['doubled', [...whole, events(kim[1])], { doubled: 1 }],
    ['changed', [events({ ...kim[0], text: 'other' }, kim[1], kim[2]), events(...ada)], { changed: 1 }],
    [
      'cut short',
      [events({ id: kim[0].id, sequence: 0 } as Properties, kim[1], kim[2]), events(...ada)],
      { changed: 1 },
    ],
    ['never produced', [...whole, events(of('eve/0'))], { strange: 1 }],
  ])('an event that is %s turns it red', (_, requests, counts) => {
    const judgement = judged(requests);
    expect(judgement).toMatchObject(counts);
    expect(() => expectPromiseKept(judgement, 0)).toThrow();
  });

  it('allows what was under way to be doubled, and not one request more', () => {
    const judgement = judged([...whole, events(kim[1], ada[1] as Properties), events(kim[2])]);
    expect(() => expectPromiseKept(judgement, 1)).toThrow();
    expectPromiseKept(judgement, 2);
  });

  it('sees a past that was left behind by a link', () => {
    const user = { attributes: {}, custom_attributes: {}, events: [], purchases: [] };
    const alias = { alias_name: 'anon-kim', alias_label: 'rudder_id' };
    expect(orphansOf([{ ...user, external_id: 'kim', user_aliases: [alias] }])).toEqual([]);
    expect(
      orphansOf([
        { ...user, external_id: 'kim', user_aliases: [] },
        { ...user, external_id: null, user_aliases: [alias] },
      ]),
    ).toEqual(['anon-kim']);
  });

  it.each([
    'canary-rest-key',
    'canary-write-key',
    'canary-mail.kim@example.com',
    'canary-trait',
    'the-token',
  ])('%s that stands where it may not turns it red', (secret) => {
    const shown = { stderr: `{"msg":"no","body":"…${secret} …"}`, metrics: 'brazier_up 1' };
    expect(leaksIn(shown, ['the-token'])).toEqual(['stderr']);
    expect(leaksIn({ metrics: 'brazier_up 1' }, ['the-token'])).toEqual([]);
  });

  it('sees memory that grew, files left open and a rejection that nobody heard', () => {
    const fine = {
      before: { peakBytes: 100, openFiles: 20 },
      after: { peakBytes: 150, openFiles: 25 },
      maxBytes: 200,
      sockets: 8,
      stderr: '{"level":"warn","msg":"Braze did not take a request: it goes again"}',
    };
    expectHealthy(fine);
    for (const ill of [
      { after: { peakBytes: 250, openFiles: 25 } },
      { after: { peakBytes: 150, openFiles: 29 } },
      { stderr: 'UnhandledPromiseRejection: …' },
    ]) {
      expect(() => expectHealthy({ ...fine, ...ill })).toThrow();
    }
  });
});
