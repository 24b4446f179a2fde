/** The commands that ask a running server, on Kafka: dead letters, destinations, explain. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { serveOn } from '../support/kafka/serve.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const PATIENT = { timeout: 60_000, interval: 100 };

/** Refuses the next track requests, whatever is in them. */
const refuse = (times: number) => ({
  match: { path: '/users/track' },
  times,
  do: { status: 400, body: { message: 'no to that' } },
});

describeKafka('the command line beside a server on Kafka', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  it('lists, shows, replays and discards dead letters, and explains what became of an event', {
    timeout: 300_000,
  }, async () => {
    const t = await serveOn(scratch);
    const event = (messageId: string) => ({ type: 'track', userId: 'kim', event: messageId, messageId });
    const explained = async (messageId: string) => {
      const { stdout } = await t.run('explain', messageId);
      return JSON.parse(stdout).records[0].destinations[0].standing;
    };
    const listed = async () => {
      const { stdout } = await t.run('dead-letters', 'list');
      return stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    };
    t.sandbox.addFaults([refuse(1)]);
    await t.post([event('first')]);
    const first = await vi.waitFor(async () => {
      const letters = await listed();
      expect(letters).toMatchObject([{ destination: 'braze', code: 'braze_refused' }]);
      return letters[0];
    }, PATIENT);
    const shown = JSON.parse((await t.run('dead-letters', 'show', first.id)).stdout);
    expect(shown).toMatchObject({ id: first.id, destination: 'braze' });
    expect(JSON.stringify(shown)).toContain('no to that');
    expect(await explained('first')).toMatchObject({
      state: 'dead_letter',
      letter: first.id,
      code: 'braze_refused',
    });

    const replayed = await t.run('dead-letters', 'replay', first.id);
    expect(JSON.parse(replayed.stdout)).toEqual({ replayed: [first.id], kept: [], skipped: [] });
    await vi.waitFor(() => expect(t.arrived()).toEqual(['first']), PATIENT);
    expect(await listed()).toEqual([]);

    t.sandbox.addFaults([refuse(1)]);
    await t.post([event('second')]);
    const second = await vi.waitFor(async () => {
      const letters = await listed();
      expect(letters).toHaveLength(1);
      return letters[0];
    }, PATIENT);
    expect((await t.run('dead-letters', 'discard', '--all')).code).toBe(2);
    const discarded = await t.run('dead-letters', 'discard', '--all', '--yes');
    expect(JSON.parse(discarded.stdout)).toEqual({ discarded: [second.id], skipped: [] });
    expect(await listed()).toEqual([]);
    await t.post([event('third')]);
    await vi.waitFor(() => expect(t.arrived()).toEqual(['first', 'third']), PATIENT);
    await vi.waitFor(
      async () => expect(await explained('third')).toMatchObject({ state: 'delivered' }),
      PATIENT,
    );
    await vi.waitFor(
      async () => expect(await explained('second')).toMatchObject({ state: 'letter_gone' }),
      PATIENT,
    );
    expect((await t.run('explain', 'nobody')).code).toBe(1);
  });

  it('lists the destinations, and says in a line that Kafka lets go of none', {
    timeout: 300_000,
  }, async () => {
    const t = await serveOn(scratch);
    const listing = async () => JSON.parse((await t.run('destinations', 'list')).stdout);
    expect(await listing()).toMatchObject({ id: 'braze', state: 'running', unsettled: 0 });
    const detached = await t.run('destinations', 'detach', 'braze', '--yes');
    expect(detached).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*Kafka keeps its topics by time[^\n]*\n$/),
    });
    expect(await t.admin('/destinations/braze/detach')).toMatchObject({
      status: 409,
      body: { code: 'log_unsupported' },
    });
    expect(await listing()).toMatchObject({ state: 'running' });
    await t.post([{ type: 'track', userId: 'kim', event: 'after all', messageId: 'm' }]);
    await vi.waitFor(() => expect(t.arrived()).toEqual(['after all']), PATIENT);
  });
});
