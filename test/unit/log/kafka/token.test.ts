/** Access tokens: fetched once, shared, and renewed before kafkajs logs in again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTokenSource } from '../../../../src/log/kafka/token.ts';
import { startTokenServer, type TokenServer } from '../../../support/kafka/token-server.ts';

const LIFE_SECONDS = 100;

let server: TokenServer;
let now = 0;
let secret = 'first';
beforeEach(async () => {
  server = await startTokenServer(LIFE_SECONDS);
  now = 1_000;
  secret = 'first';
});
afterEach(() => server.close());

const source = () =>
  createTokenSource(
    {
      mechanism: 'oauthbearer',
      tokenEndpoint: server.url,
      clientId: 'id',
      readClientSecret: () => secret,
      scope: null,
    },
    () => now,
  );

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;

test('one token serves all that ask, at the same time and later', async () => {
  const ask = source();
  const [one, two] = await Promise.all([ask(), ask()]);
  expect(two).toBe(one);
  expect(await ask()).toBe(one);
  expect(server.requests).toEqual([
    { authorization: basic('id:first'), body: 'grant_type=client_credentials' },
  ]);
});

test('half a minute before its end a token is taken anew, with the secret of that moment', async () => {
  const ask = source();
  await ask();
  now += 69_999;
  await ask();
  expect(server.requests).toHaveLength(1);
  secret = 'second';
  now += 1;
  await ask();
  expect(server.requests.map(({ authorization }) => authorization)).toEqual([
    basic('id:first'),
    basic('id:second'),
  ]);
});

test('a refused secret is final, and the next call asks again', async () => {
  server.answer(401);
  const ask = source();
  await expect(ask()).rejects.toMatchObject({
    retriable: false,
    message: `no access token from ${server.url} (status 401)`,
  });
  server.answer(200);
  await expect(ask()).resolves.toHaveProperty('value');
});

test('neither the secret nor the token stands in a failure', async () => {
  server.answer(400);
  secret = 'do-not-tell';
  const failure = await source()().catch((error: unknown) => error);
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('do-not-tell');
});
