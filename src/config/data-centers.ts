/**
 * Braze's instances and the origins of their REST APIs.
 * Source: https://www.braze.com/docs/api/basics/#endpoints (2026); US-09 as in Segment's Braze destination,
 * EU-03 as in RudderStack's, both absent from Braze's table. A missing one is reached with `restEndpoint`.
 */
const ORIGINS: ReadonlyMap<string, string> = new Map([
  ['US-01', 'https://rest.iad-01.braze.com'],
  ['US-02', 'https://rest.iad-02.braze.com'],
  ['US-03', 'https://rest.iad-03.braze.com'],
  ['US-04', 'https://rest.iad-04.braze.com'],
  ['US-05', 'https://rest.iad-05.braze.com'],
  ['US-06', 'https://rest.iad-06.braze.com'],
  ['US-07', 'https://rest.iad-07.braze.com'],
  ['US-08', 'https://rest.iad-08.braze.com'],
  ['US-09', 'https://rest.us-09.braze.com'],
  ['US-10', 'https://rest.us-10.braze.com'],
  ['EU-01', 'https://rest.fra-01.braze.eu'],
  ['EU-02', 'https://rest.fra-02.braze.eu'],
  ['EU-03', 'https://rest.fra-03.braze.eu'],
  ['AU-01', 'https://rest.au-01.braze.com'],
  ['ID-01', 'https://rest.id-01.braze.com'],
  ['JP-01', 'https://rest.jp-01.braze.com'],
  ['KR-01', 'https://rest.kr-01.braze.com'],
]);

export const DATA_CENTERS: readonly string[] = [...ORIGINS.keys()];

/** The origin of a data centre's REST API, spaces and case disregarded; null when there is no such one. */
export function originOf(dataCenter: string): string | null {
  return ORIGINS.get(dataCenter.trim().toUpperCase()) ?? null;
}
