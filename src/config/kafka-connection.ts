/** How a Kafka cluster is reached: its brokers, TLS and who we are there, and what the schema cannot say about them. */
import { isObject, type JsonObject } from '../model/json.ts';
import type { KafkaLogConfig, KafkaSasl, KafkaTls } from './config.ts';
import { type Findings, type Member, mappingAt, textAt, textsAt } from './findings.ts';
import { readableFileAt, secretAt, secretReader } from './secret-setting.ts';
import type { Path } from './validator.ts';

type Connection = Pick<KafkaLogConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl'>;

/** From the members of `log`, good only when nothing was found. */
export function buildConnection({ value, path }: Member, findings: Findings): Connection {
  const brokers = textsAt(value, 'brokers');
  const ssl = tlsOf(value, [...path, 'ssl'], findings);
  const sasl = isObject(value.sasl) ? saslOf(mappingAt(value, 'sasl'), [...path, 'sasl'], findings) : null;
  if (sasl !== null && ssl === null && !brokers.every(isLoopback)) warnOfPlain(sasl, path, findings);
  return { brokers, clientId: textAt(value, 'clientId') ?? '', ssl, sasl };
}

function tlsOf({ ssl }: JsonObject, path: Path, findings: Findings): KafkaTls | null {
  if (!isObject(ssl)) return ssl === true ? { rejectUnauthorized: true } : null;
  const member = { value: ssl, path };
  checkTls(member, findings);
  const texts = Object.entries({
    caFile: readableFileAt(member, 'caFile', findings),
    certFile: readableFileAt(member, 'certFile', findings),
    keyFile: readableFileAt(member, 'keyFile', findings),
    passphrase: secretAt(member, 'passphrase', findings),
    serverName: textAt(ssl, 'serverName'),
  }).filter(([, text]) => text !== undefined);
  return { ...Object.fromEntries(texts), rejectUnauthorized: ssl.rejectUnauthorized !== false };
}

const UNCHECKED =
  'any certificate is taken: whoever stands between can read and change all events, expected true outside of tests';

function checkTls({ value, path }: Member, { faults, warnings }: Findings): void {
  const has = (key: string) => value[key] !== undefined;
  if (has('passphrase') && has('passphraseFile')) {
    faults.push({ path, message: 'found both of passphrase and passphraseFile, expected at most one' });
  }
  if (has('certFile') !== has('keyFile')) {
    const [found, other] = has('certFile') ? ['certFile', 'keyFile'] : ['keyFile', 'certFile'];
    faults.push({ path: [...path, found], message: `found no ${other} beside it, expected both or neither` });
  }
  if (value.rejectUnauthorized === false) {
    warnings.push({ path: [...path, 'rejectUnauthorized'], message: UNCHECKED });
  }
}

function saslOf(value: JsonObject, path: Path, findings: Findings): KafkaSasl {
  const member = { value, path };
  const { mechanism } = value;
  if (mechanism !== 'oauthbearer') {
    return {
      mechanism: mechanism === 'plain' || mechanism === 'scram-sha-256' ? mechanism : 'scram-sha-512',
      username: textAt(value, 'username') ?? '',
      readPassword: secretReader(member, 'password', findings),
    };
  }
  return {
    mechanism,
    tokenEndpoint: endpointOf(member, findings),
    clientId: textAt(value, 'clientId') ?? '',
    readClientSecret: secretReader(member, 'clientSecret', findings),
    scope: textAt(value, 'scope') ?? null,
  };
}

/** Its text is not repeated: a secret may have been pasted into it. */
function endpointOf({ value, path }: Member, { faults, warnings }: Findings): string {
  const text = textAt(value, 'tokenEndpoint') ?? '';
  const at = [...path, 'tokenEndpoint'];
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '';
  if (!isHttp && text !== '') {
    const message =
      'found something that is not an http or https address without user name, expected one such as https://login.example.com/oauth2/token';
    faults.push({ path: at, message });
  }
  if (url?.protocol === 'http:' && !isLoopback(url.host)) {
    const message = 'found http to another machine: the client secret travels unencrypted, expected https';
    warnings.push({ path: at, message });
  }
  return text;
}

/** SCRAM proves that it knows the password without sending it. */
function warnOfPlain({ mechanism }: KafkaSasl, path: Path, { warnings }: Findings): void {
  if (mechanism !== 'plain' && mechanism !== 'oauthbearer') return;
  const what = mechanism === 'plain' ? 'the password' : 'the token';
  const message = `found mechanism ${mechanism} without ssl: ${what} travels unencrypted, expected ssl: true`;
  warnings.push({ path: [...path, 'sasl', 'mechanism'], message });
}

/** Of `host:port`, or a host. */
function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(address);
}
