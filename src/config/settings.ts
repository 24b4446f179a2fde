/** Checks a destination's settings given by themselves, as `transform --settings` takes them. */
import { isObject, type JsonObject } from '../model/json.ts';
import type { DestinationSettings } from '../model/settings.ts';
import type { DestinationConfig } from './config.ts';
import { SERVED_SETTINGS, SETTINGS_PROPERTIES, SETTINGS_SCHEMA } from './settings-schema.ts';
import { createValidator, formatPath } from './validator.ts';

export type ParsedSettings =
  | {
      readonly ok: true;
      readonly settings: DestinationSettings;
      readonly packing: DestinationConfig['packing'];
      /** Keys that are accepted but change nothing, in words. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] };

export interface SettingsProblem {
  /** Dotted path, empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** RudderStack keeps these two beside the settings: they are passed over, so that its config can be copied whole. */
const NOT_SETTINGS = ['restApiKey', 'dataCenter'];

/** `value` is what stands in the file: flat, without id, key and endpoint. Never throws, never changes `value`. */
export function parseSettings(value: unknown): ParsedSettings {
  const notNeeded = isObject(value) ? NOT_SETTINGS.filter((key) => Object.hasOwn(value, key)) : [];
  const filled = structuredClone(isObject(value) ? without(value, notNeeded) : value);
  const faults = createValidator(SETTINGS_SCHEMA)(filled);
  if (faults.length > 0 || !isObject(filled)) {
    return {
      ok: false,
      problems: faults.map(({ path, message }) => ({ path: formatPath(path), message })),
    };
  }
  return {
    ok: true,
    settings: pickSettings(filled),
    packing: filled.packing === 'perArray' ? 'perArray' : 'combined',
    warnings: [
      ...notNeeded.map((key) => `${key}: not needed here, nothing is sent`),
      ...withoutEffect(filled).map((key) => `${key}: ${NO_EFFECT}`),
    ],
  };
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

export const NO_EFFECT = "RudderStack's cloud mode never used this setting: it has no effect here either";

/** The settings among a checked destination's members. */
export function pickSettings(checked: JsonObject): DestinationSettings {
  return Object.fromEntries(
    SERVED_SETTINGS.filter((key) => Object.hasOwn(checked, key)).map((key) => [key, checked[key]]),
  );
}

/** Keys of a checked destination that are accepted and change nothing. */
export function withoutEffect(checked: JsonObject): string[] {
  return Object.keys(checked).filter((key) => SETTINGS_PROPERTIES[key]?.noEffect === true);
}
