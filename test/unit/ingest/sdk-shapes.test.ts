import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { basic, post, SHOP_KEY, startIngest, texts } from './fixture.ts';

/** What the SDKs of other languages put on the wire, by their source: path, headers and body. */
const SHAPES = [
  {
    sdk: 'RudderStack Go',
    path: '/v1/batch',
    gzip: true,
    headers: { 'RS-targetNode': '0', 'RS-nodeCount': '1', 'RS-userAgent': 'serverSDK' },
    body: `{"batch":[{"type":"track","messageId":"5f0c","anonymousId":"b1f4","userId":"u1","event":"Order Completed","timestamp":"2026-03-01T11:59:58.123456789+01:00","originalTimestamp":"2026-03-01T11:59:58.123456789+01:00","sentAt":"2026-03-01T11:59:59.000000001+01:00","context":{"library":{"name":"analytics-go","version":"4.2.3"}},"properties":{"revenue":9.99},"channel":"server"}],"messageId":"9f","sentAt":"2026-03-01T11:59:59.5Z","context":{"library":{"name":"analytics-go"}}}`,
    keys: ['external_id:u1'],
  },
  {
    sdk: 'RudderStack Python',
    path: '/v1/batch',
    gzip: false,
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'analytics-python/2.1.4' },
    body: '{"batch": [{"integrations": {}, "anonymousId": null, "properties": {"price": 1.5}, "timestamp": "2026-03-01T11:59:58.123456+00:00", "context": {"library": {"name": "rudder-analytics-python", "version": "2.1.4"}}, "userId": "42", "type": "track", "event": "Viewed", "messageId": "c8b2", "channel": "server"}], "sentAt": "2026-03-01T11:59:59.000001+00:00"}',
    keys: ['external_id:42'],
  },
  {
    sdk: 'RudderStack Java',
    path: '/v1/batch',
    gzip: true,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: '{"batch":[{"type":"identify","traits":{"email":"a@example.com"},"messageId":"7d","timestamp":"2026-03-01T11:59:58.123Z","userId":"u1","channel":"server"},{"type":"alias","previousId":"a1","userId":"u1","messageId":"7e","timestamp":"2026-03-01T11:59:58.124Z"}],"sentAt":"2026-03-01T11:59:59.000Z","context":{"library":{"name":"java"}},"sequence":3}',
    keys: ['external_id:u1', 'external_id:u1'],
  },
  {
    sdk: 'RudderStack Ruby',
    path: '/v1/batch',
    gzip: true,
    headers: { 'Content-Type': 'application/json' },
    body: '{"batch":[{"anonymousId":"a1","context":{"library":{"name":"rudderanalytics-ruby","version":"2.0.0"}},"integrations":{"All":true},"timestamp":"2026-03-01T11:59:58.123+01:00","type":"page","name":"Home","properties":{},"messageId":"e0","channel":"server"}]}',
    keys: ['alias:rudder_id:a1'],
  },
  {
    sdk: 'RudderStack PHP',
    path: '/v1/batch',
    gzip: true,
    headers: { AnonymousId: 'dTE=', 'User-Agent': 'rudder-php/2.2.0' },
    body: '{"batch":[{"userId":"u1","event":"Viewed","properties":[],"context":{"library":{"name":"rudder-analytics-php"},"traits":[]},"type":"track","timestamp":"2026-03-01T12:59:58+01:00","sentAt":"2026-03-01T12:59:59+01:00","messageId":"a7","channel":"server"}]}',
    keys: ['external_id:u1'],
  },
  {
    sdk: 'Segment Java',
    path: '/v1/import/',
    gzip: false,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: '{"batch":[{"anonymousId":"a1","channel":"server","event":"Viewed","integrations":{"All":true},"messageId":"d1","properties":{},"timestamp":"2026-03-01T11:59:58.123Z","type":"track","userId":"u1"}],"context":{"library":{"name":"analytics-java","version":"3.5.5"}},"sentAt":"2026-03-01T11:59:59.000Z","sequence":1,"writeKey":"shop-key"}',
    keys: ['external_id:u1'],
  },
  {
    sdk: 'Segment Ruby',
    path: '/v1/import',
    gzip: false,
    headers: { 'Content-Type': 'application/json' },
    body: '{"sentAt":"2026-03-01T11:59:59.000Z","batch":[{"type":"group","groupId":"g1","userId":"u1","traits":{"name":"ACME"},"messageId":"f1","timestamp":"2026-03-01T11:59:58.000Z","context":{},"integrations":{}}]}',
    keys: ['external_id:u1'],
  },
  {
    sdk: 'Segment Go',
    path: '/v1/batch',
    gzip: false,
    headers: { 'Content-Type': 'application/json' },
    body: '{"messageId":"xx","sentAt":"2026-03-01T11:59:59Z","batch":[{"type":"screen","messageId":"yy","anonymousId":"a1","name":"Home","timestamp":"2026-03-01T11:59:58Z"}],"context":{"library":{"name":"analytics-go","version":"3.0.0"}}}',
    keys: ['alias:rudder_id:a1'],
  },
] as const;

describe('the body of', () => {
  test.each(SHAPES)('$sdk is taken whole, and answered so that it does not send again', async (shape) => {
    const { url, log } = await startIngest();
    const body = shape.gzip ? gzipSync(shape.body) : shape.body;
    const reply = await post(url, shape.path, body, {
      ...shape.headers,
      Authorization: basic(SHOP_KEY),
      ...(shape.gzip && { 'Content-Encoding': 'gzip' }),
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ success: true, accepted: shape.keys.length, rejected: [] });
    expect(log.records.map(({ key }) => key)).toEqual(shape.keys);
    expect(texts(log).map((text) => JSON.parse(text))).toEqual(JSON.parse(shape.body).batch);
    expect(log.records[0]?.headers.sentAt).toBe(JSON.parse(shape.body).sentAt);
  });
});
