/** Faults on demand: which rule wins for a request, decided by match, remaining times and seeded dice. */
import type { FaultAction, FaultRule } from './fault-rules.ts';
import { isObject, type Json } from './json.ts';

export interface Faults {
  /** Appended: earlier rules are asked first. */
  add(rules: readonly FaultRule[]): void;
  clear(): void;
  /** The action of the first rule that matches and whose dice fall right; it uses up one of that rule's times. */
  pick(path: string, body: Json | undefined): FaultAction | undefined;
}

interface ArmedRule {
  readonly rule: FaultRule;
  left: number;
}

/** The same seed, rules and requests give the same faults. */
export function createFaults(seed: number): Faults {
  const dice = seededDice(seed);
  let armed: ArmedRule[] = [];
  return {
    add(rules) {
      for (const rule of rules) armed.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
    },
    clear() {
      armed = [];
    },
    pick(path, body) {
      const won = armed.find(
        ({ rule }) =>
          matches(rule, path, body) && (rule.probability === undefined || dice() < rule.probability),
      );
      if (won === undefined) return undefined;
      won.left -= 1;
      if (won.left === 0) armed = armed.filter((each) => each !== won);
      return won.rule.do;
    },
  };
}

function matches({ match = {} }: FaultRule, path: string, body: Json | undefined): boolean {
  if (match.path !== undefined && match.path !== path) return false;
  return match.externalId === undefined || mentions(body, match.externalId);
}

/** Whether any object of the request names the external id, on whichever endpoint. */
function mentions(body: Json | undefined, externalId: string): boolean {
  if (!isObject(body)) return false;
  if (names(body, externalId)) return true;
  return Object.values(body).some(
    (list) => Array.isArray(list) && list.some((item) => names(item, externalId)),
  );
}

function names(item: Json | undefined, externalId: string): boolean {
  if (!isObject(item)) return false;
  const { external_ids: ids } = item;
  const id = item.external_id ?? item.current_external_id;
  if ((typeof id === 'string' || typeof id === 'number') && String(id) === externalId) return true;
  if (Array.isArray(ids) && ids.some((each) => String(each) === externalId)) return true;
  return names(item.identifier_to_merge, externalId) || names(item.identifier_to_keep, externalId);
}

/** Mulberry32: small, fast, and the same on every machine. */
function seededDice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
