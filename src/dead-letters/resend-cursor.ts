/** How far a replay of the log has come in each partition, as a short text that callers hand back unread. */

/** By partition the first offset that is still to be looked at; a partition that is not named: all that is held. */
export type Reached = ReadonlyMap<number, number>;

/** E.g. `0:123,5:77`. */
export function cursorOf(reached: Reached): string {
  return [...reached].map(([partition, offset]) => `${partition}:${offset}`).join();
}

/** Undefined when it is no text of `cursorOf`. */
export function readCursor(text: string): Reached | undefined {
  if (!/^\d+:\d+(,\d+:\d+)*$/.test(text)) return undefined;
  const places = text.split(',').map((place) => place.split(':').map(Number));
  const reached = new Map(places.map(([partition = 0, offset = 0]) => [partition, offset]));
  const isWhole = places.flat().every(Number.isSafeInteger);
  return isWhole && reached.size === places.length ? reached : undefined;
}
