/** Checks a destination's settings given by themselves, as `transform --settings` takes them. */
import { isObject, type JsonObject } from '../model/json.ts';
import type { DestinationSettings } from '../model/settings.ts';
import type { DestinationConfig } from './config.ts';
import { buildSettings } from './settings-rules.ts';
import { SETTINGS_SCHEMA } from './settings-schema.ts';
import { createValidator, type Fault, formatPath } from './validator.ts';

export type ParsedSettings =
  | {
      readonly ok: true;
      readonly settings: DestinationSettings;
      readonly packing: DestinationConfig['packing'];
      /** Keys that are accepted but change nothing, and doubtful values, in words. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] };

export interface SettingsProblem {
  /** Dotted path, empty for the whole. */
  readonly path: string;
  readonly message: string;
}

const checkShape = createValidator(SETTINGS_SCHEMA);

/** What says where to send and with which key stands beside the settings: passed over, so that a whole config can be copied. */
const NOT_SETTINGS = ['restApiKey', 'restApiKeyFile', 'dataCenter', 'restEndpoint'];

/**
 * `value` is what stands in the file: flat, without id, key and endpoint; null counts as not given. Reads the salt
 * files it names. Never throws, never changes `value`.
 */
export function parseSettings(value: unknown): ParsedSettings {
  const notNeeded = isObject(value) ? NOT_SETTINGS.filter((key) => Object.hasOwn(value, key)) : [];
  const filled = structuredClone(isObject(value) ? membersToCheck(value) : value);
  const findings = { faults: checkShape(filled), warnings: [] as Fault[] };
  const settings = isObject(filled) ? buildSettings(filled, [], findings) : {};
  if (findings.faults.length > 0 || !isObject(filled)) {
    return { ok: false, problems: findings.faults.map(toProblem) };
  }
  return {
    ok: true,
    settings,
    packing: filled.packing === 'perArray' ? 'perArray' : 'combined',
    warnings: [
      ...notNeeded.map((key) => `${key}: not needed here, nothing is sent`),
      ...findings.warnings.map(({ path, message }) => `${formatPath(path)}: ${message}`),
    ],
  };
}

function membersToCheck(value: JsonObject): JsonObject {
  const isMeant = ([name, member]: [string, unknown]) => member !== null && !NOT_SETTINGS.includes(name);
  return Object.fromEntries(Object.entries(value).filter(isMeant));
}

function toProblem({ path, message }: Fault): SettingsProblem {
  return { path: formatPath(path), message };
}
