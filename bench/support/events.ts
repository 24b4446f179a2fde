/** The events that are brought through the server: about 1 KB, one Braze object each, each with a number that is seen on both sides. */
import { smallEvents } from './event-texts.ts';

/** Stands once in each event and in each Braze object that is made of one, before the event's number. */
export const MARK = '~';
export const DIGITS = 12;

const NUMBER = '#'.repeat(DIGITS);
const PERSON = '$'.repeat(DIGITS);
const TEMPLATES = 400;
/** Prime to any round number of people: consecutive events are of people far apart, each as often as the others. */
const STRIDE = 7919;

const templates: readonly string[] = smallEvents(TEMPLATES, false).map(templateOf);
const pieces = templates.map((text) => text.split(/(#{12}|\${12})/));

/** JSON text of the event with this number, of one of `people`; the same in every run. */
export function eventText(number: number, people: number): string {
  const own = digitsOf(number);
  const person = digitsOf(personOf(number, people));
  const parts = pieces[number % TEMPLATES] ?? [];
  return parts.map((part) => (part === NUMBER ? own : part === PERSON ? person : part)).join('');
}

export function messageIdOf(number: number): string {
  return `c9f0f895-fb98-4e2c-9d3b-${digitsOf(number)}`;
}

export function userIdOf(number: number, people: number): string {
  return `user-${digitsOf(personOf(number, people))}`;
}

/** A body whose events are numbered anew before each sending: making its text again would cost the load more than the server. */
export interface Body {
  readonly bytes: Buffer;
  /** Gives the events consecutive numbers from this one on. */
  number(first: number): void;
}

/** @param events null: one event by itself, for the routes of single calls */
export function createBody(events: number | null, people: number): Body {
  const count = events ?? 1;
  const texts = Array.from({ length: count }, (_, index) => templates[index % TEMPLATES]).join(',');
  const bytes = Buffer.from(events === null ? texts : `{"batch":[${texts}]}`);
  const numbers = placesOf(bytes, NUMBER);
  const persons = placesOf(bytes, PERSON);
  const each = numbers.length / count;
  return {
    bytes,
    number(first) {
      for (const [index, at] of numbers.entries()) writeDigits(bytes, at, first + Math.floor(index / each));
      for (const [index, at] of persons.entries()) writeDigits(bytes, at, personOf(first + index, people));
    },
  };
}

function templateOf(text: string): string {
  if (text.includes(MARK)) throw new Error(`an event holds ${MARK}`);
  const event = JSON.parse(text);
  const properties = { number: `${MARK}${NUMBER}`, ...event.properties };
  return JSON.stringify({
    ...event,
    messageId: `c9f0f895-fb98-4e2c-9d3b-${NUMBER}`,
    userId: `user-${PERSON}`,
    properties,
  });
}

function personOf(number: number, people: number): number {
  return (number * STRIDE) % people;
}

function digitsOf(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) places.push(at);
  return places;
}

function writeDigits(bytes: Buffer, at: number, number: number): void {
  let left = number;
  for (let place = at + DIGITS - 1; place >= at; place -= 1) {
    bytes[place] = 0x30 + (left % 10);
    left = Math.floor(left / 10);
  }
}
