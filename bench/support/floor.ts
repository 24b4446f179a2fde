/** The yardstick that travels between machines: parsing and writing the same events' JSON once each, CPU time in this process. */
import { eventText } from './events.ts';
import { ownCpuMicros } from './usage.ts';

const EVENTS = 2_000;
const texts = Array.from({ length: EVENTS }, (_, number) =>
  Buffer.from(eventText(number, 200_000)).toString(),
);

/** Microseconds of CPU per event. @param ms how long it takes, about */
export function floorMicros(ms = 300): number {
  const [from, cpu] = [performance.now(), ownCpuMicros()];
  let [events, characters] = [0, 0];
  while (performance.now() - from < ms) {
    for (const text of texts) characters += JSON.stringify(JSON.parse(text)).length;
    events += EVENTS;
  }
  // The sum keeps the compiler from leaving the work out.
  return characters > 0 ? (ownCpuMicros() - cpu) / events : Number.NaN;
}
