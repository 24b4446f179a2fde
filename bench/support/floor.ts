/** The yardstick that travels between machines: parsing and writing the same events' JSON once each, CPU time in this process. */
import { eventText } from './events.ts';
import { ownCpuMicros } from './usage.ts';

const EVENTS = 2_000;
const texts = Array.from({ length: EVENTS }, (_, number) =>
  Buffer.from(eventText(number, 200_000)).toString(),
);

/** About a third of a second of CPU: a count, since a busy machine would leave a time to somebody else. */
const PASSES = 15;

/** Microseconds of CPU per event. */
export function floorMicros(): number {
  // The compiler's time is nobody's.
  let characters = pass() + pass();
  const cpu = ownCpuMicros();
  for (let count = 0; count < PASSES; count += 1) characters += pass();
  // The sum keeps the compiler from leaving the work out.
  return characters > 0 ? (ownCpuMicros() - cpu) / (PASSES * EVENTS) : Number.NaN;
}

function pass(): number {
  let characters = 0;
  for (const text of texts) characters += JSON.stringify(JSON.parse(text)).length;
  return characters;
}
