/**
 * From the forms that RudderStack's control plane stores to the one that is used here: values by source type become
 * one value, entries that name nothing are left out. What only RudderStack could fill in is a fault.
 */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Findings } from './findings.ts';
import { type Fault, formatPath, type Path } from './validator.ts';

type Faults = Pick<Findings, 'faults'>;

/** Entries without those that name nothing; what has another shape is the schema's to report. */
type Tidy = (entries: Json | undefined) => JsonObject[];

/** The source type of server SDKs, whose events these are. */
const OURS = 'cloud';

const LISTS: Readonly<Record<string, Tidy>> = {
  whitelistedEvents: named('eventName'),
  blacklistedEvents: named('eventName'),
  consentManagement: tidyRules,
  oneTrustCookieCategories: named('oneTrustCookieCategory'),
  ketchConsentPurposes: named('purpose'),
};

/** Each entry of the others counts by itself, so that they can be joined. */
const COUNTED_TOGETHER = new Set(['ketchConsentPurposes']);

/** Rewrites the settings of `value` that have a stored form in place. `path` is where `value` stands. */
export function flatten(value: JsonObject, path: Path, { faults }: Faults): void {
  for (const [key, tidy] of Object.entries(LISTS)) {
    if (!Object.hasOwn(value, key)) continue;
    const lists = perSourceType(value[key]).map(tidy);
    const differing = distinct(lists.filter((list) => list.length > 0));
    if (differing.length > 1 && COUNTED_TOGETHER.has(key)) faults.push(undecided([...path, key]));
    value[key] = distinct(differing.flat());
  }
  flattenOption(value, path, faults);
}

function flattenOption(value: JsonObject, path: Path, faults: Fault[]): void {
  const key = 'eventFilteringOption';
  if (!isObject(value[key])) return;
  const asked = distinct(perSourceType(value[key]).filter((option) => option !== 'disable'));
  if (asked.length > 1) faults.push(undecided([...path, key]));
  value[key] = asked[0] ?? 'disable';
}

/** The value itself, or that for our source type, or those for all types. */
function perSourceType(stored: Json | undefined): Json[] {
  if (!isObject(stored)) return stored === undefined ? [] : [stored];
  const ours = Object.hasOwn(stored, OURS) ? stored[OURS] : undefined;
  return ours === undefined ? Object.values(stored) : [ours];
}

function undecided(path: Path): Fault {
  const message = `found different values for different source types, expected one for ${OURS}, which is what counts here`;
  return { path, message };
}

function distinct<Value extends Json>(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

function named(name: string): Tidy {
  return (entries) => membersIn(entries).filter((entry) => !isBlank(entry[name]));
}

function tidyRules(entries: Json | undefined): JsonObject[] {
  const tidyConsents = named('consent');
  return membersIn(entries)
    .map((rule) => ({ ...rule, consents: tidyConsents(rule.consents) }))
    .filter(({ consents }) => consents.length > 0);
}

function membersIn(entries: Json | undefined): JsonObject[] {
  return Array.isArray(entries) ? entries.filter(isObject) : [];
}

function isBlank(value: Json | undefined): boolean {
  return typeof value !== 'string' || value.trim() === '';
}

const TEMPLATE = /^\s*\{\{[\s\S]*\|\|[\s\S]*\}\}\s*$/;
const REFERENCE = /^\s*env\.\S+\s*$/;

/**
 * Why a text of RudderStack's dynamic configuration cannot be served, or undefined for any other text: the control
 * plane fills `{{ path || default }}` in from each event and `env.NAME` from its environment.
 */
export function dynamicFault(text: string): string | undefined {
  if (TEMPLATE.test(text))
    return 'found a {{ path || default }} template, which only RudderStack fills in, expected a fixed value';
  if (REFERENCE.test(text))
    return `found RudderStack's form env.NAME, expected the value itself or a reference \${NAME}`;
  return undefined;
}

/** A fault for each dynamic text in `value`, however deep; it takes the place of what else was found there. */
export function refuseDynamic(value: Json | undefined, path: Path, findings: Faults): void {
  if (typeof value === 'string') {
    const message = dynamicFault(value);
    if (message !== undefined) replaceFault(findings.faults, { path, message });
  } else if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) refuseDynamic(entry, [...path, index], findings);
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) refuseDynamic(member, [...path, key], findings);
  }
}

function replaceFault(faults: Fault[], fault: Fault): void {
  const place = formatPath(fault.path);
  const earlier = faults.findIndex(({ path }) => formatPath(path) === place);
  if (earlier === -1) faults.push(fault);
  else faults[earlier] = fault;
}
