/** Members of a Braze destination's `config` that this version does not serve. */
import { SETTINGS_PROPERTIES } from './settings-schema.ts';
import { memberOf, type Part } from './workspace-part.ts';
import { isServed } from './workspace-translate.ts';
import type { Unserved } from './workspace-unserved.ts';

/** RudderStack's console writes these for itself (its live view of events). */
const CONSOLES_OWN = new Set(['eventDelivery', 'eventDeliveryTS']);

const HYBRID =
  'in hybrid mode the SDK on the device sends a part of the events to Braze itself: here all of them are sent';
const NO_IDENTIFY = 'RudderStack sends no identify calls then: here they are sent';

export function settingsNotServed(config: Part): Unserved[] {
  const unknown = Object.keys(config.value).filter(
    (key) =>
      !isServed(key) &&
      !Object.hasOwn(SETTINGS_PROPERTIES, key) &&
      !CONSOLES_OWN.has(key) &&
      key !== 'enableServerSideIdentify',
  );
  const message = `not known here, without effect: ${unknown.join(', ')}`;
  return [
    ...(unknown.length > 0 ? [{ path: config.path, message, changesWhatIsSent: false }] : []),
    ...changing(config, 'connectionMode', HYBRID, (value) => valuesIn(value).includes('hybrid')),
    ...changing(config, 'enableServerSideIdentify', NO_IDENTIFY, (value) => value === false),
  ];
}

function changing(config: Part, name: string, message: string, is: (value: unknown) => boolean): Unserved[] {
  const found = memberOf(config, name);
  return found !== undefined && is(found.value)
    ? [{ path: found.path, message, changesWhatIsSent: true }]
    : [];
}

/** The value itself, or those by source type. */
function valuesIn(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [value];
}
