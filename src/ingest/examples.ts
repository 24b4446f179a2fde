/** Bodies as SDKs send them, for the description: each is valid by its schema, and is accepted. */
import type { Examples } from '../openapi/route.ts';

export const BATCHES: Examples = {
  'rudderstack-node': {
    summary: "RudderStack's Node.js SDK (it sends this gzipped)",
    value: {
      batch: [
        {
          type: 'identify',
          userId: 'u1',
          traits: { email: 'kim@example.com', firstName: 'Kim' },
          context: { library: { name: '@rudderstack/rudder-sdk-node', version: '3.0.13' } },
          messageId: '5b1ea1a1-7ec3-4c4f-a0f5-36f4d3b1a001',
          originalTimestamp: '2026-03-01T11:59:58.120Z',
          timestamp: '2026-03-01T11:59:58.120Z',
          channel: 'server',
          _metadata: { nodeVersion: '24.1.0' },
        },
        {
          type: 'track',
          userId: 'u1',
          event: 'Order Completed',
          properties: {
            order_id: 'o-1',
            currency: 'EUR',
            products: [{ product_id: 'tea-1', price: 4.2, quantity: 2 }],
          },
          context: { library: { name: '@rudderstack/rudder-sdk-node', version: '3.0.13' } },
          messageId: '5b1ea1a1-7ec3-4c4f-a0f5-36f4d3b1a002',
          originalTimestamp: '2026-03-01T11:59:58.123Z',
          timestamp: '2026-03-01T11:59:58.123Z',
          channel: 'server',
        },
      ],
      sentAt: '2026-03-01T11:59:59.000Z',
    },
  },
  'segment-node': {
    summary: "Segment's Node.js SDK",
    value: {
      batch: [
        {
          messageId: 'node-next-1772366398123-0c9c6a4e-2f5b-4f62-9d2b-0f6f2f0d3a11',
          timestamp: '2026-03-01T11:59:58.123Z',
          type: 'track',
          anonymousId: 'a1',
          userId: 'u1',
          event: 'Lamp Lit',
          properties: { lumen: 800 },
          integrations: {},
          context: { library: { name: '@segment/analytics-node', version: '3.1.0' } },
          _metadata: { nodeVersion: '24.1.0', jsRuntime: 'node' },
        },
      ],
      writeKey: 'ignored here: the key counts in the Authorization header alone',
      sentAt: '2026-03-01T11:59:59.000Z',
    },
  },
  'rudderstack-php': {
    summary: "RudderStack's PHP SDK, which writes empty objects as lists",
    value: {
      batch: [
        {
          type: 'page',
          userId: 42,
          anonymousId: null,
          name: 'Home',
          properties: [],
          context: { library: { name: 'rudder-analytics-php' }, traits: [] },
          timestamp: '2026-03-01T12:59:58+01:00',
          messageId: 'a7',
        },
      ],
    },
  },
};

export const CALLS: Readonly<Record<string, Examples>> = {
  identify: {
    identify: {
      summary: 'Attributes of a user',
      value: { userId: 'u1', anonymousId: 'a1', traits: { email: 'kim@example.com', plan: 'pro' } },
    },
  },
  track: {
    event: {
      summary: 'A custom event',
      value: { userId: 'u1', event: 'Lamp Lit', properties: { lumen: 800 } },
    },
    order: {
      summary: 'An order',
      value: {
        userId: 'u1',
        event: 'Order Completed',
        properties: { currency: 'EUR', products: [{ product_id: 'tea-1', price: 4.2, quantity: 2 }] },
      },
    },
  },
  page: {
    page: {
      summary: 'A page seen by somebody unknown',
      value: { anonymousId: 'a1', name: 'Home', properties: { path: '/' } },
    },
  },
  screen: {
    screen: {
      summary: 'A screen of an app',
      value: { userId: 'u1', name: 'Cart', properties: { items: 2 } },
    },
  },
  group: {
    group: {
      summary: 'A user belongs to a group',
      value: { userId: 'u1', groupId: 'g1', traits: { name: 'ACME' } },
    },
  },
  alias: {
    alias: { summary: 'Somebody unknown becomes known', value: { userId: 'u1', previousId: 'a1' } },
  },
};
