/** The events that the transform benchmark reads: texts as SDKs of web and server write them, the same in every run. */
const PEOPLE = 5_000;
const RECEIVED_MS = Date.parse('2026-11-22T12:00:00.000Z');

/** What ingest wrote beside each of these events. */
export const HEADERS = { source: 'shop', receivedAt: new Date(RECEIVED_MS).toISOString() };

type Members = Record<string, unknown>;

const NAMES = ['Lamp Lit', 'Article Read', 'Video Played', 'Coupon Applied', 'Search Performed', 'Form Sent'];
const PAGES = ['Home', 'Category', 'Product', 'Cart', 'Checkout', 'Account'];
const CITIES = ['Zürich', 'Ghent', 'Málaga', 'Leeds', 'Aarhus'];

/** In a hundred events: 62 track calls, 22 of them about products. */
const MIX: readonly (readonly [share: number, make: (index: number) => Members])[] = [
  [40, (index) => ({ type: 'track', event: pick(NAMES, index), properties: about(index) })],
  [12, (index) => ({ type: 'track', event: 'Product Viewed', properties: product(index) })],
  [4, (index) => ({ type: 'track', event: 'Product Added', properties: inCart(index) })],
  [6, (index) => ({ type: 'track', event: 'Order Completed', properties: order(index) })],
  [18, (index) => ({ type: 'page', name: pick(PAGES, index), properties: page(index) })],
  [6, (index) => ({ type: 'screen', name: pick(PAGES, index), properties: about(index) })],
  [9, (index) => ({ type: 'identify', userId: userId(index), traits: traits(index) })],
  [3, (index) => ({ type: 'group', groupId: `company-${index % 90}`, traits: { plan: 'team', seats: 40 } })],
  [2, (index) => ({ type: 'alias', userId: userId(index), previousId: `visitor-${index}` })],
];

/** All six types, about 2.4 KB each: half of it is what an SDK says of browser and device; every third with traits. */
export function mixedEvents(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const context = index % 3 === 0 ? { ...browser(index), traits: traits(index) } : browser(index);
    const sender = index % 2 === 0 ? fromServer(index) : fromBrowser(index);
    return textOf({ ...sender, ...makeOf((index * 37) % 100)(index), context }, 2_400);
  });
}

/** Track calls of a server, about 1 KB each: with traits they cause two Braze objects, without one. */
export function smallEvents(count: number, withTraits: boolean): string[] {
  return Array.from({ length: count }, (_, index) => {
    const library = { name: 'analytics-node', version: '2.3.0' };
    const context = withTraits ? { library, traits: traits(index) } : { library };
    const call = { type: 'track', event: pick(NAMES, index), properties: about(index), context };
    return textOf({ ...fromServer(index), ...call }, 1_000);
  });
}

const FILLERS: readonly ((count: number) => string | number)[] = [
  (count) => `a few words, number ${count}`,
  (count) => count * 17.5,
  (count) => `6512bd43-d9ca-46e0-8c3a-${String(count).padStart(12, '0')}`,
  (count) => `https://www.example.com/articles/2026/11/how-to-light-a-lamp-${count}`,
];

function makeOf(place: number): (index: number) => Members {
  let left = place;
  for (const [share, make] of MIX) {
    if (left < share) return make;
    left -= share;
  }
  throw new Error('the shares do not add up to 100');
}

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}

/** Filled up to the size with members of the usual length: one long text would cost a copy and no work. */
function textOf(event: Members, bytes: number): string {
  const place = event.properties === undefined ? 'context' : 'properties';
  const members: Members = { ...(event[place] as Members) };
  const filled = { ...event, [place]: members };
  for (let count = 0; Buffer.byteLength(JSON.stringify(filled)) < bytes - 20; count += 1) {
    members[`detail_${count}`] = FILLERS[count % FILLERS.length]?.(count);
  }
  // By way of bytes: one flat string, as it is read from the log.
  return Buffer.from(JSON.stringify(filled)).toString();
}

function userId(index: number): string {
  return `user-${(index * 7919) % PEOPLE}`;
}

function fromServer(index: number): Members {
  return { ...ids(index), userId: userId(index), timestamp: timeBefore(500 + index) };
}

/** Says when by its own clock, which is corrected; one in five names nobody but a visitor. */
function fromBrowser(index: number): Members {
  const times = { originalTimestamp: timeBefore(9_000 + index), sentAt: timeBefore(7_000 + index) };
  return index % 5 === 0 ? { ...ids(index), ...times } : { ...ids(index), userId: userId(index), ...times };
}

function ids(index: number): Members {
  const digits = String(index).padStart(12, '0');
  return {
    messageId: `c9f0f895-fb98-4e2c-9d3b-${digits}`,
    anonymousId: `8f14e45f-ceea-467f-a8a1-${digits}`,
  };
}

function timeBefore(ms: number): string {
  return new Date(RECEIVED_MS - ms).toISOString();
}

function traits(index: number): Members {
  return {
    email: `Person.${index}@example.com`,
    firstName: 'Renée',
    lastName: `Visser ${index % 100}`,
    gender: index % 2 === 0 ? 'female' : 'm',
    birthday: '1986-04-17',
    phone: '+31201234567',
    address: { city: pick(CITIES, index), country: 'NL', postalCode: '1012 AB' },
    plan: index % 4 === 0 ? 'pro' : 'free',
    logins: index % 250,
    newsletter: index % 3 === 0,
  };
}

function about(index: number): Members {
  return {
    category: pick(PAGES, index),
    position: index % 40,
    score: (index % 1000) / 8,
    isMember: index % 2 === 0,
    tags: ['autumn', 'sale', 'new'],
    campaign: { id: `c-${index % 30}`, channel: 'email' },
  };
}

function page(index: number): Members {
  const path = `/shop/${pick(PAGES, index).toLowerCase()}/${index}`;
  return {
    path,
    url: `https://www.example.com${path}`,
    referrer: 'https://www.example.org/',
    title: 'The shop',
  };
}

function product(index: number): Members {
  return {
    product_id: `p-${index % 700}`,
    sku: `SKU-${index % 700}`,
    name: `Lamp ${index % 700}`,
    price: (index % 200) + 0.95,
    currency: 'EUR',
    quantity: 1 + (index % 3),
    brand: 'Brazier & Sons',
    url: `https://www.example.com/p/${index % 700}`,
  };
}

function inCart(index: number): Members {
  return { cart_id: `cart-${index}`, ...product(index) };
}

function order(index: number): Members {
  const products = [product(index), product(index + 1), product(index + 2)];
  return { order_id: `o-${index}`, currency: 'EUR', total: 199.5, tax: 12.5, coupon: 'AUTUMN', products };
}

function browser(index: number): Members {
  return {
    app: { name: 'shop', version: '4.12.0', namespace: 'com.example.shop' },
    campaign: { source: 'newsletter', medium: 'email', name: 'autumn' },
    library: { name: 'analytics-js', version: '3.11.2' },
    locale: 'nl-NL',
    timezone: 'Europe/Amsterdam',
    ip: '203.0.113.9',
    page: { ...page(index), search: '?utm_source=newsletter', initial_referrer: '$direct' },
    screen: { width: 1920, height: 1080, density: 2, innerWidth: 1670, innerHeight: 927 },
    os: { name: 'macOS', version: '14.5' },
    userAgent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    sessionId: 1763812800 + index,
  };
}
