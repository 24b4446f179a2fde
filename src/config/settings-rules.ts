/** A destination's settings from its checked members: what the schema cannot say about them, and their final form. */
import { isObject, type JsonObject } from '../model/json.ts';
import type { DestinationSettings } from '../model/settings.ts';
import type { Findings } from './findings.ts';
import { buildMappings } from './mapping-rules.ts';
import { SERVED_SETTINGS, SETTINGS_PROPERTIES } from './settings-schema.ts';
import { flatten, refuseDynamic } from './stored-form.ts';
import type { Path } from './validator.ts';

/** Faults and warnings are added to these. */
type Found = Pick<Findings, 'faults' | 'warnings'>;

const NO_EFFECT = "RudderStack's cloud mode never used this setting: it has no effect here either";

const NOTHING_ALLOWED = 'the allow list names no event: no track call will be sent';

/** Set on each purchase by itself (the first two would be no property of it at Braze). */
const NOT_ORDER_PROPERTIES = ['time', 'event_name', 'product_id', 'quantity', 'price', 'currency'];

/** These are ours: RudderStack knows no dynamic texts in them. */
const OURS = new Set(['mappings', 'orderProperties']);

/**
 * From members whose shape may be wrong: the settings are good only when nothing was found. Rewrites RudderStack's
 * stored forms in `value` to the one that is used. `path` is where `value` stands.
 */
export function buildSettings(value: JsonObject, path: Path, findings: Found): DestinationSettings {
  for (const [key, schema] of Object.entries(SETTINGS_PROPERTIES)) {
    if (schema.noEffect !== true) {
      if (!OURS.has(key)) refuseDynamic(value[key], [...path, key], findings);
    } else if (Object.hasOwn(value, key)) {
      findings.warnings.push({ path: [...path, key], message: NO_EFFECT });
    }
  }
  flatten(value, path, findings);
  checkOrderProperties(value, path, findings);
  checkAllowList(value, path, findings);
  const settings: DestinationSettings = Object.fromEntries(
    SERVED_SETTINGS.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]]),
  );
  if (!isObject(value.mappings)) return settings;
  return { ...settings, mappings: buildMappings(value.mappings, [...path, 'mappings'], findings) };
}

function checkOrderProperties({ orderProperties }: JsonObject, path: Path, { faults }: Found): void {
  if (!Array.isArray(orderProperties)) return;
  for (const [index, name] of orderProperties.entries()) {
    if (typeof name !== 'string' || !NOT_ORDER_PROPERTIES.includes(name)) continue;
    const message = `found "${name}", which each purchase has of its own, expected another member of the order`;
    faults.push({ path: [...path, 'orderProperties', index], message });
  }
}

function checkAllowList(value: JsonObject, path: Path, { warnings }: Found): void {
  const { eventFilteringOption, whitelistedEvents } = value;
  if (eventFilteringOption !== 'whitelistedEvents') return;
  const isEmpty = !Array.isArray(whitelistedEvents) || whitelistedEvents.length === 0;
  if (isEmpty) warnings.push({ path: [...path, 'whitelistedEvents'], message: NOTHING_ALLOWED });
}
