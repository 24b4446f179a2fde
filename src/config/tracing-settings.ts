/** Tracing from its checked members, and what the schema cannot say about it. */
import { isObject, type JsonObject } from '../model/json.ts';
import { type Findings, type Member, numberAt, textAt } from './findings.ts';
import { isLoopback } from './rest-endpoint.ts';
import { secretReader } from './secret-setting.ts';

export interface TracingConfig {
  /** Where spans are posted, path and all; null: nothing is traced. */
  readonly endpoint: string | null;
  readonly serviceName: string;
  /** From 0 to 1. */
  readonly sampleRatio: number;
  readonly headers: readonly TracingHeader[];
}

export interface TracingHeader {
  /** In small letters. */
  readonly name: string;
  /** A value from a file is read anew at each call. Throws `FileFault` when the file cannot be read. */
  readonly readValue: () => string;
}

const TRACES_PATH = '/v1/traces';

/** Good only when nothing was found. */
export function buildTracing(tracing: JsonObject, findings: Findings): TracingConfig {
  const members = (Array.isArray(tracing.headers) ? tracing.headers : []).flatMap((value, index) =>
    isObject(value) ? [{ value, path: ['tracing', 'headers', index] }] : [],
  );
  checkNames(members, findings);
  return {
    endpoint: urlOf(tracing, members.length > 0, findings),
    serviceName: textAt(tracing, 'serviceName') ?? '',
    sampleRatio: numberAt(tracing, 'sampleRatio'),
    headers: members.map((member) => ({
      name: nameOf(member),
      readValue: secretReader(member, 'value', findings),
    })),
  };
}

function nameOf({ value }: Member): string {
  return textAt(value, 'name')?.toLowerCase() ?? '';
}

function checkNames(members: readonly Member[], { faults }: Findings): void {
  for (const [index, member] of members.entries()) {
    const name = nameOf(member);
    if (members.findIndex((other) => nameOf(other) === name) === index) continue;
    faults.push({ path: [...member.path, 'name'], message: `found "${name}" twice, expected it once` });
  }
}

/** Its text is in no message: a key may have been pasted into it. */
function urlOf(tracing: JsonObject, hasHeaders: boolean, { faults, warnings }: Findings): string | null {
  const text = textAt(tracing, 'endpoint');
  if (text === undefined) return null;
  const path = ['tracing', 'endpoint'];
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    faults.push({ path, message: `found something that is not an http or https address, ${EXPECTED}` });
    return null;
  }
  if (url.username !== '' || url.password !== '' || text.includes('?') || text.includes('#')) {
    faults.push({ path, message: `found a user name, query or fragment in the address, ${EXPECTED}` });
  }
  if (hasHeaders && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    warnings.push({ path, message: PLAIN_HTTP });
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  if (!url.pathname.endsWith(TRACES_PATH)) url.pathname = url.pathname.replace(/\/$/, '') + TRACES_PATH;
  return url.href;
}

const EXPECTED = 'expected one such as http://otel-collector:4318 (keys go into tracing.headers)';

const PLAIN_HTTP = 'found http to another machine: the headers travel unencrypted, expected https';
