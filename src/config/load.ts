/** Loads a configuration file: YAML, environment, schema, rules, secret files; all problems at once, none of them thrown. */
import { readFileSync } from 'node:fs';
import { isObject, type JsonObject } from '../model/json.ts';
import type { Config } from './config.ts';
import { defaultTokenFile } from './data-folder.ts';
import { buildDestinations } from './destinations.ts';
import { type ConfigDocument, convertReference, readDocument, showFound } from './document.ts';
import type { Environment } from './environment.ts';
import { describeFileError } from './file-fault.ts';
import { type Findings, mappingAt, membersOf, numberAt, textAt } from './findings.ts';
import { formatProblem, type Problem } from './problem.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { buildSources } from './sources.ts';
import { createValidator, type Fault, formatPath, type Path } from './validator.ts';

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

/** Relative paths inside `file` are relative to the working folder. Reads `file` and the secret files it names. */
export function loadConfig(file: string, env: Environment): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${describeFileError(error)}`;
    return { ok: false, problems: [{ file, line: null, path: '', message }] };
  }
  return parseConfig(file, text, env);
}

/** The same for text at hand; `file` names it in problems. */
export function parseConfig(file: string, text: string, env: Environment): LoadedConfig {
  const document = readDocument(text, env);
  const textProblems = document.faults.map((fault) => ({ ...fault, file, path: formatPath(fault.path) }));
  if (!document.readable) return { ok: false, problems: inOrder(textProblems) };
  const findings: Findings = { faults: checkShape(document), warnings: [] };
  const config = buildConfig(document.value, findings);
  const toProblem = ({ path, message }: Fault): Problem => ({
    file,
    line: document.lineOf(path),
    path: formatPath(path),
    message,
  });
  const faults = findings.faults.filter(({ path }) => !document.isUnresolved(path));
  const problems = inOrder([...textProblems, ...faults.map(toProblem)]);
  if (problems.length > 0 || !isObject(document.value)) return { ok: false, problems };
  const warnings = inOrder(findings.warnings.map(toProblem)).map(formatProblem);
  return { ok: true, config, warnings, effective: document.value };
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Fills the defaults in, and turns text from the environment into the number or truth value that is wanted. */
function checkShape(document: ConfigDocument): Fault[] {
  const validate = createValidator(CONFIG_SCHEMA, (path, value) => showFound(document, path, value));
  const faults = validate(document.value);
  const converted = faults.filter((fault) => convertInPlace(document, fault));
  return converted.length === 0 ? faults : validate(document.value);
}

function convertInPlace(document: ConfigDocument, { path, wantedType }: Fault): boolean {
  const key = path.at(-1);
  if (wantedType === undefined || key === undefined) return false;
  const parent = valueAt(document.value, path.slice(0, -1)) as Record<string | number, unknown>;
  const converted = convertReference(document, path, parent[key], wantedType);
  if (converted === undefined) return false;
  parent[key] = converted;
  return true;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((inner, step) => (inner as Record<string | number, unknown>)[step], value);
}

/** From a value whose shape may be wrong: the result is good only when nothing was found. */
function buildConfig(value: unknown, findings: Findings): Config {
  const [http, admin, log] = ['http', 'admin', 'log'].map((key) => mappingAt(value, key)) as [
    JsonObject,
    JsonObject,
    JsonObject,
  ];
  checkPorts(http, admin, findings);
  const path = textAt(log, 'path') ?? '';
  const destinations = buildDestinations(membersOf(value, 'destinations'), findings);
  const ids = destinations.map(({ id }) => id).filter((id) => id !== '');
  const sources = buildSources(membersOf(value, 'sources'), ids, findings);
  admin.tokenFile ??= defaultTokenFile(path);
  return {
    http: { ...listenAt(http), maxBodyBytes: numberAt(http, 'maxBodyBytes') },
    admin: { ...listenAt(admin), tokenFile: textAt(admin, 'tokenFile') ?? '' },
    log: {
      kind: 'embedded',
      path,
      maxBytes: numberAt(log, 'maxBytes'),
      retainHours: numberAt(log, 'retainHours'),
    },
    sources,
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
