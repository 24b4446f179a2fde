/** Where a recommended event came from, in the three words that Braze knows: web, ios or android. */
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';

const SOURCES = ['web', 'ios', 'android'];

/** The `source` that the sender gave; undefined when it is not one of Braze's. */
export function givenSource({ source }: JsonObject): string | undefined {
  const word = typeof source === 'string' ? source.trim().toLowerCase() : '';
  return SOURCES.includes(word) ? word : undefined;
}

/** Of what the SDK says about itself. Events of servers are `web`: Braze has no word for them. */
export function sourceOf({ context, channel }: BrazierEvent): string {
  const isMobile = textOf(isGiven(context.channel) ? context.channel : channel) === 'mobile';
  const os = isMobile && isObject(context.os) ? textOf(context.os.name) : '';
  return SOURCES.find((source) => source !== 'web' && os.includes(source)) ?? 'web';
}

function isGiven(value: Json | undefined): boolean {
  return textOf(value) !== '';
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim().toLowerCase() : '';
}
