/** Whom to tell when something is wrong: from the checked members, and what the schema cannot say about them. */
import { isObject, type JsonObject } from '../model/json.ts';
import { FileFault } from './file-fault.ts';
import { checkUniqueIds, type Findings, type Member, numberAt, textAt } from './findings.ts';
import { isLoopback } from './rest-endpoint.ts';
import { readSecretFile } from './secret-file.ts';
import { secretReader } from './secret-setting.ts';

/** Durations in ms; docs/configure.md says what each is. */
export interface AlertsConfig {
  readonly name: string;
  /** Without a slash at its end; null: there is none. */
  readonly runbookBaseUrl: string | null;
  readonly webhooks: readonly WebhookConfig[];
  readonly holdMs: number;
  readonly nothingDeliveredMs: number;
  readonly deadLetters: number;
  readonly deadLettersWindowMs: number;
  readonly diskFreeRatio: number;
  readonly resolveAfterMs: number;
  readonly repeatMs: number;
  readonly maxPerHour: number;
}

/** What comes from a file is read anew at each call. Throws `FileFault` when it cannot be read, or is not usable. */
export interface WebhookConfig {
  readonly id: string;
  readonly form: 'json' | 'slack';
  readonly minSeverity: 'warning' | 'critical';
  readonly readUrl: () => string;
  readonly readAuthorization: (() => string) | null;
  readonly readSigningKey: (() => string) | null;
}

/** Good only when nothing was found. */
export function buildAlerts(alerts: JsonObject, findings: Findings): AlertsConfig {
  const members = (Array.isArray(alerts.webhooks) ? alerts.webhooks : []).flatMap((value, index) =>
    isObject(value) ? [{ value, path: ['alerts', 'webhooks', index] }] : [],
  );
  checkUniqueIds(members, findings);
  return {
    name: textAt(alerts, 'name') ?? '',
    runbookBaseUrl: textAt(alerts, 'runbookBaseUrl')?.replace(/\/+$/, '') ?? null,
    webhooks: members.map((member) => buildWebhook(member, findings)),
    holdMs: numberAt(alerts, 'holdMs'),
    nothingDeliveredMs: numberAt(alerts, 'nothingDeliveredMs'),
    deadLetters: numberAt(alerts, 'deadLetters'),
    deadLettersWindowMs: numberAt(alerts, 'deadLettersWindowMs'),
    diskFreeRatio: numberAt(alerts, 'diskFreeRatio'),
    resolveAfterMs: numberAt(alerts, 'resolveAfterMs'),
    repeatMs: numberAt(alerts, 'repeatMs'),
    maxPerHour: numberAt(alerts, 'maxPerHour'),
  };
}

function buildWebhook(member: Member, findings: Findings): WebhookConfig {
  const { value } = member;
  return {
    id: textAt(value, 'id') ?? '',
    form: value.form === 'slack' ? 'slack' : 'json',
    minSeverity: value.minSeverity === 'critical' ? 'critical' : 'warning',
    readUrl: urlReader(member, findings),
    readAuthorization: optionalReader(member, 'authorization', findings),
    readSigningKey: optionalReader(member, 'signingKey', findings),
  };
}

function optionalReader(member: Member, key: string, findings: Findings): (() => string) | null {
  const { value, path } = member;
  const [inline, file] = [value[key] !== undefined, value[`${key}File`] !== undefined];
  if (inline && file) {
    findings.faults.push({ path, message: `found both of ${key} and ${key}File, expected at most one` });
  }
  return inline || file ? secretReader(member, key, findings) : null;
}

/** Its text is in no message: whoever has it may write there. */
function urlReader(member: Member, findings: Findings): () => string {
  const { value, path } = member;
  const file = textAt(value, 'urlFile');
  const read = secretReader(member, 'url', findings);
  const at = [...path, file === undefined ? 'url' : 'urlFile'];
  const url = textOrNull(read);
  const message = url === null || url === '' ? null : faultOf(url);
  if (message !== null) findings.faults.push({ path: at, message });
  else if (url !== null && isPlain(url)) findings.warnings.push({ path: at, message: PLAIN_HTTP });
  if (file === undefined) return read;
  return () => {
    const text = readSecretFile(file);
    const fault = faultOf(text);
    if (fault !== null) throw new FileFault(`${file}: ${fault}`);
    return text;
  };
}

const PLAIN_HTTP =
  'found http to another machine: the address, which is a secret, travels unencrypted, expected https';

/** One that cannot be read has been told already. */
function textOrNull(read: () => string): string | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof FileFault) return null;
    throw error;
  }
}

function isPlain(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'http:' && !isLoopback(url.hostname);
}

function faultOf(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return 'found something that is not an http or https address';
  if (url.username !== '' || url.password !== '')
    return 'found a user name or password in the address, expected them in authorization';
  return null;
}
