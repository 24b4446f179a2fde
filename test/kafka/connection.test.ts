/** The way to brokers with TLS and a login: with the right means it is open, with the wrong ones a line says what to do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { logErrorOf } from '../../src/log/kafka/failure.ts';
import type { KafkaConnection, KafkaSasl, KafkaTls } from '../../src/log/kafka/options.ts';
import type { SharedKafka } from '../support/kafka/global-setup.ts';
import { describeKafka, startedKafka } from '../support/kafka/shared.ts';
import { startTokenServer, type TokenServer } from '../support/kafka/token-server.ts';
import { makeCertificates } from '../support/tls.ts';

/** The broker ends sessions after 11.5 s, and kafkajs logs in again 10 s before. */
const LOGIN_AGAIN_MS = 1_500;

describeKafka(
  'a connection with TLS and a login',
  () => {
    let kafka: SharedKafka;
    let tokens: TokenServer;
    let elsewhere: string;
    const lines: string[] = [];
    const admins: Admin[] = [];

    beforeAll(async () => {
      kafka = await startedKafka();
      tokens = await startTokenServer(60);
      elsewhere = mkdtempSync(join(tmpdir(), 'other-ca-'));
    });
    afterAll(async () => {
      await Promise.all(admins.map((admin) => admin.disconnect().catch(() => undefined)));
      await tokens?.close();
      rmSync(elsewhere, { recursive: true, force: true });
    });

    const trusted = (): KafkaTls => ({ caFile: kafka.caFile, rejectUnauthorized: true });

    const login = (over: Partial<Extract<KafkaSasl, { username: string }>> = {}): KafkaSasl => ({
      mechanism: 'scram-sha-512',
      username: 'alice',
      readPassword: () => kafka.password,
      ...over,
    });

    const secured = (over: Partial<KafkaConnection> = {}): KafkaConnection => ({
      brokers: kafka.secureBrokers,
      clientId: 'test',
      ssl: trusted(),
      sasl: login(),
      ...over,
    });

    function open(connection: KafkaConnection): Admin {
      const client = createKafkaClient(connection, (level, line) => lines.push(`${level} ${line}`));
      // What cannot succeed is found out at the first attempt, or is tried for seconds.
      const admin = client.kafka.admin({ retry: { retries: 1, initialRetryTime: 50 } });
      admins.push(admin);
      return admin;
    }

    async function topicsBy(connection: KafkaConnection): Promise<string[]> {
      const admin = open(connection);
      await admin.connect();
      return await admin.listTopics();
    }

    async function failureOf(connection: KafkaConnection) {
      const error = await topicsBy(connection).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(Error);
      const failure = logErrorOf(error, 'connecting');
      expect(failure.message).toMatch(/^[^\n]+$/);
      expect(failure.message).not.toContain(kafka.password);
      return failure;
    }

    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('is open with %s', async (mechanism) => {
      await expect(topicsBy(secured({ sasl: login({ mechanism }) }))).resolves.toBeInstanceOf(Array);
    });

    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
      'a wrong password for %s is named as such and not retried for ever',
      async (mechanism) => {
        const sasl = login({ mechanism, readPassword: () => 'wrong' });
        expect(await failureOf(secured({ sasl }))).toMatchObject({
          code: 'log_unusable',
          message: expect.stringMatching(
            /the login was refused .*check sasl\.mechanism, the user and the password/,
          ),
        });
      },
    );

    test.concurrent('a broker signed by nobody we trust is refused, with the setting that names the authority', async () => {
      const { caFile } = makeCertificates(elsewhere);
      expect(await failureOf(secured({ ssl: { caFile, rejectUnauthorized: true } }))).toMatchObject({
        code: 'log_unusable',
        message: expect.stringMatching(/TLS with 127\.0\.0\.1:\d+ failed \(.+\): set ssl\.caFile/),
      });
    });

    test.concurrent('a certificate for another name is refused, with the setting that names it', async () => {
      const ssl = { ...trusted(), serverName: 'kafka.example' };
      expect(await failureOf(secured({ ssl }))).toMatchObject({
        code: 'log_unusable',
        message: expect.stringMatching(/set ssl\.serverName/),
      });
    });

    test.concurrent('TLS against a port without it asks whether the port expects TLS', async () => {
      expect(await failureOf(secured({ brokers: kafka.brokers, sasl: null }))).toMatchObject({
        message: expect.stringMatching(/does this port expect TLS/),
      });
    });

    test.concurrent('no TLS against a port with it asks whether the port expects TLS', async () => {
      expect(await failureOf(secured({ ssl: null }))).toMatchObject({
        message: expect.stringMatching(/does this port expect TLS/),
      });
    });

    test('no login where one is asked for asks about that', async () => {
      expect(await failureOf(secured({ sasl: null }))).toMatchObject({
        message: expect.stringMatching(/or a login \(sasl\)/),
      });
    });

    test('what a user may not do is named as a missing permission', async () => {
      const admin = open(secured({ sasl: login({ username: 'bob' }) }));
      await admin.connect();
      const error = await admin
        .createTopics({ topics: [{ topic: 'forbidden' }] })
        .catch((cause: unknown) => cause);
      expect(logErrorOf(error, 'creating topic forbidden')).toMatchObject({
        code: 'log_unusable',
        message: expect.stringMatching(/^creating topic forbidden: not authorized/),
      });
    });

    test('the password is read again at each login: a rotated one needs no restart', async () => {
      let password = kafka.password;
      let reads = 0;
      const readPassword = () => {
        reads += 1;
        return password;
      };
      const admin = open(secured({ sasl: login({ mechanism: 'plain', readPassword }) }));
      await admin.connect();
      const readsOfOneLogin = reads;
      await vi.waitFor(
        async () => {
          await admin.listTopics();
          expect(reads).toBeGreaterThan(readsOfOneLogin);
        },
        { timeout: 10 * LOGIN_AGAIN_MS, interval: 200 },
      );
      password = 'rotated away';
      await expect(
        vi.waitUntil(() => admin.listTopics().then(() => false, String), {
          timeout: 10 * LOGIN_AGAIN_MS,
          interval: 200,
        }),
      ).resolves.toMatch(/PLAIN authentication failed/);
    });

    const oauth = (): KafkaSasl => ({
      mechanism: 'oauthbearer',
      tokenEndpoint: tokens.url,
      clientId: 'brazier:1',
      readClientSecret: () => 'secret/1',
      scope: 'kafka',
    });

    test('is open with OAUTHBEARER, by one token for all connections', async () => {
      const client = createKafkaClient(secured({ sasl: oauth() }), () => undefined);
      const before = tokens.requests.length;
      const pair = [client.kafka.admin(), client.kafka.admin()];
      admins.push(...pair);
      await Promise.all(pair.map((admin) => admin.connect()));
      await Promise.all(pair.map((admin) => admin.listTopics()));
      expect(tokens.requests.length - before).toBe(1);
      const basic = Buffer.from('brazier%3A1:secret%2F1').toString('base64');
      expect(tokens.requests.at(-1)).toEqual({
        authorization: `Basic ${basic}`,
        body: 'grant_type=client_credentials&scope=kafka',
      });
    });

    test('a token endpoint that refuses the secret is named, and not asked again and again', async () => {
      tokens.answer(401);
      const before = tokens.requests.length;
      expect(await failureOf(secured({ sasl: oauth() }))).toMatchObject({
        code: 'log_unusable',
        message: expect.stringMatching(
          /no access token from http.* \(status 401\): check sasl\.tokenEndpoint/,
        ),
      });
      expect(tokens.requests.length - before).toBe(1);
      tokens.answer(200);
    });

    test('a token endpoint that fails for a moment costs nothing but the moment', async () => {
      tokens.answer(503);
      const before = tokens.requests.length;
      const admin = createKafkaClient(secured({ sasl: oauth() }), () => undefined).kafka.admin();
      admins.push(admin);
      const connected = admin.connect();
      await vi.waitFor(() => expect(tokens.requests.length).toBeGreaterThan(before));
      tokens.answer(200);
      await connected;
    });

    test('nothing that was said to the log holds a password', () => {
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter((line) => line.includes(kafka.password) || line.includes('secret/1'))).toEqual([]);
    });
  },
  'started',
);
