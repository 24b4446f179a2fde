/**
 * Consent management: what an event says about its person's consents, and whether a destination may have it then.
 * Both by RudderStack's rules; what an event says in a form that cannot be read denies nothing, with a warning.
 */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Filtered, filtered, type Warning } from '../model/outcome.ts';
import type { ConsentRule, DestinationSettings } from '../model/settings.ts';

export interface Consent {
  /** Who asked the person, e.g. `oneTrust`; empty when the event does not say. */
  readonly provider: string;
  /** `or`: one consent of several is enough. Anything else: all are needed. */
  readonly strategy: string;
  /** Ids that the person denied, trimmed. */
  readonly denied: ReadonlySet<string>;
  readonly warnings: readonly Warning[];
}

const NO_CONSENT: Consent = { provider: '', strategy: '', denied: new Set(), warnings: [] };

const PATH = 'context.consentManagement';

/** Reads `context.consentManagement`; an event without it denies nothing. */
export function readConsent(context: JsonObject): Consent {
  const given = context.consentManagement;
  if (given === undefined || given === null) return NO_CONSENT;
  if (!isObject(given)) return { ...NO_CONSENT, warnings: [invalid(PATH, 'not an object')] };
  const warnings: Warning[] = [];
  return {
    provider: textAt(given, 'provider', warnings),
    strategy: textAt(given, 'resolutionStrategy', warnings),
    denied: deniedIn(given.deniedConsentIds, warnings),
    warnings,
  };
}

function textAt(consent: JsonObject, name: string, warnings: Warning[]): string {
  const text = consent[name];
  if (typeof text === 'string') return text.trim();
  if (text !== undefined && text !== null) warnings.push(invalid(`${PATH}.${name}`, 'not a text'));
  return '';
}

function deniedIn(ids: Json | undefined, warnings: Warning[]): ReadonlySet<string> {
  if (ids === undefined || ids === null) return NO_CONSENT.denied;
  const path = `${PATH}.deniedConsentIds`;
  if (!Array.isArray(ids)) {
    warnings.push(invalid(path, 'not a list'));
    return NO_CONSENT.denied;
  }
  const denied = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (typeof id === 'string') denied.add(id.trim());
    else warnings.push(invalid(`${path}[${index}]`, 'not a text'));
  }
  return denied;
}

function invalid(path: string, what: string): Warning {
  return { code: 'invalid_consent', message: `${what}: denies nothing`, path };
}

/** Undefined when the destination may have the event. */
export type ConsentRules = (consent: Consent) => Filtered | undefined;

/**
 * Undefined when the settings ask for no consents. The rules of `consentManagement` for the event's provider decide;
 * where there are none, the categories of OneTrust, then the purposes of Ketch, each for events of that provider
 * or of none.
 */
export function createConsentRules(settings: DestinationSettings): ConsentRules | undefined {
  const byProvider = Map.groupBy(settings.consentManagement ?? [], ({ provider }) => provider.trim());
  const generic = new Map([...byProvider].map(([provider, rules]) => [provider, anyOf(rules)]));
  const oneTrust = idsIn(settings.oneTrustCookieCategories, 'oneTrustCookieCategory');
  const ketch = idsIn(settings.ketchConsentPurposes, 'purpose');
  if (generic.size === 0 && oneTrust.length === 0 && ketch.length === 0) return undefined;
  const forOneTrust = needsAll(oneTrust, denial('oneTrustCookieCategories', ANY));
  const forKetch = needsOne(ketch, denial('ketchConsentPurposes', EVERY));
  return (consent) => {
    if (consent.denied.size === 0) return undefined;
    const { provider } = consent;
    const rules = generic.get(provider);
    if (rules !== undefined) return rules(consent);
    if (oneTrust.length > 0 && isFrom('oneTrust', provider)) return forOneTrust(consent);
    if (ketch.length > 0 && isFrom('ketch', provider)) return forKetch(consent);
    return undefined;
  };
}

function isFrom(name: string, provider: string): boolean {
  return provider === '' || provider === name;
}

const ANY = 'a consent';
const EVERY = 'every consent';

function denial(setting: string, which: string): Filtered {
  return filtered('consent_denied', `the event denies ${which} that ${setting} asks for`);
}

/** Of several rules for one provider each counts by itself. */
function anyOf(rules: readonly ConsentRule[]): ConsentRules {
  const compiled = rules.map(compileRule);
  return (consent) => {
    for (const rule of compiled) {
      const outcome = rule(consent);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  };
}

/** The strategy is the event's, but for the provider `custom` the destination's. */
function compileRule({ provider, resolutionStrategy, consents }: ConsentRule): ConsentRules {
  const ids = idsIn(consents, 'consent');
  const all = needsAll(ids, denial('consentManagement', ANY));
  const one = needsOne(ids, denial('consentManagement', EVERY));
  if (provider.trim() === 'custom') return resolutionStrategy === 'or' ? one : all;
  return (consent) => (consent.strategy === 'or' ? one(consent) : all(consent));
}

function needsAll(ids: readonly string[], outcome: Filtered): ConsentRules {
  return ({ denied: ofPerson }) => (ids.some((id) => ofPerson.has(id)) ? outcome : undefined);
}

function needsOne(ids: readonly string[], outcome: Filtered): ConsentRules {
  return ({ denied: ofPerson }) => (ids.every((id) => ofPerson.has(id)) ? outcome : undefined);
}

function idsIn<Name extends string>(
  entries: readonly Readonly<Record<Name, string>>[] | undefined,
  name: Name,
): string[] {
  return (entries ?? []).map((entry) => entry[name].trim());
}
