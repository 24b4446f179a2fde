/** What Braze answers to a request that it did not take whole: only what it names is a dead letter, nothing goes twice. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { FaultRule } from '../../src/sandbox/server.ts';
import { type Harness, PATIENT, underFire } from '../support/harness.ts';

const load = { batchesPerLane: 5 };
const track = { path: '/users/track' };

interface Letter {
  readonly code: string;
  readonly kind: string;
  readonly person: string;
  readonly message: string;
}

async function lettersOf({ admin }: Harness): Promise<readonly Letter[]> {
  return (await admin<{ letters: Letter[] }>('/dead-letters?limit=1000&showPayload=true')).letters;
}

describe('row 30: a 2xx', { timeout: 180_000 }, () => {
  it.each(['sentences', 'names'] as const)(
    'whose errors name some objects, in %s: those are dead letters with Braze’s text, the rest is delivered',
    async (errorTexts) => {
      const judgement = await underFire(
        { load, sandbox: { errorTexts, blockedExternalIds: ['p0-0', 'p2-3'] }, mayOrphan: true },
        async (harness) => {
          await harness.drained();
          const letters = await lettersOf(harness);
          expect(letters.length).toBeGreaterThan(2);
          expect(new Set(letters.map(({ person }) => person))).toEqual(
            new Set(['external_id:p0-0', 'external_id:p2-3']),
          );
          expect(new Set(letters.map(({ code }) => code))).toEqual(new Set(['braze_refused']));
          const text = errorTexts === 'names' ? /[A-Z]+_[A-Z_]+/ : /blacklisted and disallowed/;
          for (const { message } of letters) expect(message).toMatch(text);
        },
      );
      expect(judgement.doubled).toBe(0);
      expect(judgement.delivered + judgement.deadLetters).toBe(judgement.acknowledged);
    },
  );

  const REPLIES: [string, FaultRule['do'], string | null][] = [
    [
      'with an error without input_array',
      { body: { message: 'success', errors: [{ type: 'no', index: 0 }] } },
      'braze_refused',
    ],
    [
      'with errors that name no object',
      { body: { message: 'success', errors: [{ type: 'no' }] } },
      'unclear_reply',
    ],
    ['whose message is not success', { body: { message: 'Bad thing' } }, 'unclear_reply'],
    ['that is no JSON', { body: '<html>canary-page</html>' }, null],
    ['that is empty', { body: '' }, null],
    ['called queued', { queued: true }, null],
  ];
  it.each(REPLIES)('%s: what was taken is not sent again', async (_, reply, code) => {
    const judgement = await underFire({ load, mayOrphan: true }, async (harness) => {
      harness.sandbox.addFaults([{ match: track, times: 3, do: reply }]);
      await harness.drained();
      const codes = new Set((await lettersOf(harness)).map((letter) => letter.code));
      expect(codes).toEqual(new Set(code === null ? [] : [code]));
    });
    expect(judgement.doubled).toBe(0);
  });
});

const PEOPLE = Array.from({ length: 75 }, (_, index) => `q${index}`);
/** Events after which a person is known by a user id: some anonymous ones, the identify, and one of the user. */
const KNOWN_AFTER = 7;

/** Requests that one event of each of 75 people causes, in one request if all is well. */
async function requestsFor75({ produceFor, drained, sandbox }: Harness, rule: FaultRule): Promise<number> {
  await produceFor(Array.from({ length: KNOWN_AFTER }, () => PEOPLE).flat());
  await drained();
  sandbox.addFaults([rule]);
  const before = sandbox.requests().length;
  await produceFor(PEOPLE);
  await drained();
  return sandbox.requests().length - before;
}

/** They come in one batch, so that the request goes when it is full. */
const gathering = { load: false, destination: { lingerMs: 300, identifyQuietMs: 0 } } as const;
/** Each halving of 75 objects asks twice. */
const HALVINGS = 2 * Math.ceil(Math.log2(75));

describe('row 31: a 400 for the whole request', { timeout: 180_000 }, () => {
  it('because of one object: it is found in at most 2·log2(75) more requests and ends alone', async () => {
    const judgement = await underFire(gathering, async (harness) => {
      const rule = { match: { ...track, externalId: 'q41' }, do: { status: 400, body: { message: 'no' } } };
      const requests = await requestsFor75(harness, rule);
      console.log('requests for 75 objects of which one is refused:', requests);
      expect(requests).toBeGreaterThan(2);
      expect(requests).toBeLessThanOrEqual(1 + HALVINGS);
      expect(await lettersOf(harness)).toMatchObject([{ code: 'braze_refused', person: 'external_id:q41' }]);
    });
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 1 });
  });

  it('that names its object by index: the others go again at once, without it', async () => {
    const judgement = await underFire(gathering, async (harness) => {
      const errors = [{ type: 'is odd', input_array: 'events', index: 7 }];
      const requests = await requestsFor75(harness, {
        match: track,
        times: 1,
        do: { status: 400, body: { message: 'no', errors } },
      });
      expect(requests).toBe(2);
      expect(await lettersOf(harness)).toMatchObject([{ code: 'braze_refused' }]);
    });
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 1 });
  });
});

describe('row 33: a 413', { timeout: 180_000 }, () => {
  it('is split until Braze takes it; an object that is too large alone is a dead letter', async () => {
    const judgement = await underFire(gathering, async (harness) => {
      const rule = { match: { ...track, externalId: 'q12' }, do: { status: 413 } };
      const requests = await requestsFor75(harness, rule);
      expect(requests).toBeLessThanOrEqual(1 + HALVINGS);
      expect(await lettersOf(harness)).toMatchObject([
        { kind: 'oversized', code: 'request_too_large', person: 'external_id:q12' },
      ]);
    });
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 1 });
  });
});

describe('row 34: a redirect to another host', { timeout: 180_000 }, () => {
  it('is not followed: the key goes nowhere else, and nothing is lost', async () => {
    const asked: string[] = [];
    const elsewhere = createServer((req, res) => {
      asked.push(String(req.headers.authorization));
      res.writeHead(201).end('{"message":"success"}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/users/track`;
    try {
      const judgement = await underFire({ load }, async ({ sandbox, metric, drained }) => {
        sandbox.addFaults([{ do: { status: 307, headers: { location } } }]);
        await vi.waitFor(
          async () => expect(await metric('brazier_destination_halted', 'code="wrong_host"')).toBe(1),
          PATIENT,
        );
        sandbox.clearFaults();
        await drained();
      });
      expect(asked).toEqual([]);
      expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
    } finally {
      elsewhere.close();
    }
  });
});
