/** From what was written to what it means: the schema with its defaults, then the rules a schema cannot state. All problems at once. */
import { isObject, type JsonObject } from '../model/json.ts';
import { buildAlerts } from './alerts-settings.ts';
import type { Config, Role } from './config.ts';
import { defaultTokenFile } from './data-folder.ts';
import { buildDestinations } from './destinations.ts';
import { convertReference, showFound } from './document.ts';
import { type Findings, mappingAt, membersOf, numberAt, textAt } from './findings.ts';
import { buildLog } from './log-settings.ts';
import { formatProblem, inOrder, type Problem } from './problem.ts';
import { checkRole } from './roles.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { warnOfShortSecrets } from './short-secrets.ts';
import { buildSources } from './sources.ts';
import { buildSubscriptions } from './subscriptions.ts';
import { buildTracing } from './tracing-settings.ts';
import { createValidator, type Fault, type Path } from './validator.ts';
import { problemOf, type Written } from './written.ts';

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** As `file:line: path: message`. */
      readonly warnings: readonly string[];
      /** The configuration as understood, defaults filled in. Holds secrets: print it with `renderConfig` only. */
      readonly effective: JsonObject;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What was found already, while the text was read. */
export interface FoundBefore {
  readonly problems: readonly Problem[];
  readonly warnings?: readonly Problem[];
}

/** Fills the defaults into `written.value`, and reads the secret files it names. */
export function checkWritten(written: Written, before: FoundBefore, role: Role): LoadedConfig {
  const { value, placeOf, nameOf } = written;
  const findings: Findings = { faults: checkShape(written), warnings: [], nameOf };
  const config = buildConfig(value, role, findings);
  const faults = findings.faults.filter(({ path }) => {
    const place = placeOf(path);
    return !place.document.isUnresolved(place.path);
  });
  const problems = inOrder([...before.problems, ...faults.map((fault) => problemOf(written, fault))]);
  if (problems.length > 0 || !isObject(value)) return { ok: false, problems };
  const found = findings.warnings.map((warning) => problemOf(written, warning));
  const warnings = inOrder([...(before.warnings ?? []), ...found]).map(formatProblem);
  return { ok: true, config, warnings, effective: value };
}

/** Fills the defaults in, and turns text from the environment into the number or truth value that is wanted. */
function checkShape(written: Written): Fault[] {
  const validate = createValidator(CONFIG_SCHEMA, (path, value) => {
    const place = written.placeOf(path);
    return showFound(place.document, place.path, value);
  });
  const faults = validate(written.value);
  const converted = faults.filter((fault) => convertInPlace(written, fault));
  return converted.length === 0 ? faults : validate(written.value);
}

function convertInPlace(written: Written, { path, wantedType }: Fault): boolean {
  const key = path.at(-1);
  if (wantedType === undefined || key === undefined) return false;
  const place = written.placeOf(path);
  const parent = valueAt(written.value, path.slice(0, -1)) as Record<string | number, unknown>;
  const converted = convertReference(place.document, place.path, parent[key], wantedType);
  if (converted === undefined) return false;
  parent[key] = converted;
  return true;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((inner, step) => (inner as Record<string | number, unknown>)[step], value);
}

/** From a value whose shape may be wrong: the result is good only when nothing was found. */
function buildConfig(value: unknown, role: Role, findings: Findings): Config {
  const http = mappingAt(value, 'http');
  const admin = mappingAt(value, 'admin');
  const letters = mappingAt(value, 'deadLetters');
  checkPorts(http, admin, findings);
  const log = buildLog(mappingAt(value, 'log'), findings);
  const destinations = buildDestinations(membersOf(value, 'destinations'), findings);
  const subscribing = membersOf(value, 'subscriptions');
  const sources = buildSources(membersOf(value, 'sources'), { destinations, subscribing }, findings);
  const subscriptions = buildSubscriptions(subscribing, { log, sources }, findings);
  const alerts = buildAlerts(mappingAt(value, 'alerts'), findings);
  const tracing = buildTracing(mappingAt(value, 'tracing'), findings);
  checkRole({ role, log, sources }, findings);
  warnOfShortSecrets(value, findings);
  admin.tokenFile ??= defaultTokenFile(log.path);
  return {
    role,
    http: { ...listenAt(http), maxBodyBytes: numberAt(http, 'maxBodyBytes') },
    admin: { ...listenAt(admin), tokenFile: textAt(admin, 'tokenFile') ?? '' },
    log,
    deadLetters: {
      retainDays: numberAt(letters, 'retainDays'),
      maxBytes: numberAt(letters, 'maxBytes'),
    },
    tracing,
    alerts,
    sources,
    subscriptions,
    destinations,
  };
}

function listenAt(section: JsonObject) {
  return { host: textAt(section, 'host') ?? '', port: numberAt(section, 'port') };
}

function checkPorts(http: JsonObject, admin: JsonObject, { faults }: Findings): void {
  const isShared = typeof http.port === 'number' && http.port === admin.port && http.host === admin.host;
  if (!isShared || http.port === 0) return;
  faults.push({ path: ['admin', 'port'], message: `found the port of http again, expected another one` });
}
