/** Destinations: where Braze is, its key, and what the schema cannot say about them. */
import type { JsonObject } from '../model/json.ts';
import type { DestinationConfig } from './config.ts';
import { DATA_CENTERS, originOf } from './data-centers.ts';
import { durationMs } from './duration.ts';
import { FileFault } from './file-fault.ts';
import { checkUniqueIds, type Findings, type Member, mappingAt, numberAt, textAt } from './findings.ts';
import { checkRestEndpoint } from './rest-endpoint.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { readSecretFile } from './secret-file.ts';
import { buildSettings } from './settings-rules.ts';
import { dynamicFault, refuseDynamic } from './stored-form.ts';
import { describeExpected, type Path } from './validator.ts';

const API_KEY = CONFIG_SCHEMA.properties?.destinations?.items?.properties?.restApiKey ?? {};

/** Keys beside the settings that may have been copied over from RudderStack. */
const RUDDERSTACKS_OWN = ['dataCenter', 'restApiKey'];

/** Builds the destinations; they are good only when nothing was found. */
export function buildDestinations(members: readonly Member[], findings: Findings): DestinationConfig[] {
  checkUniqueIds(members, findings);
  return members.map((member) => buildDestination(member, findings));
}

function buildDestination(member: Member, findings: Findings): DestinationConfig {
  const { value, path } = member;
  const rateLimit = mappingAt(value, 'rateLimit');
  const dedup = mappingAt(value, 'dedup');
  for (const key of RUDDERSTACKS_OWN) refuseDynamic(value[key], [...path, key], findings);
  return {
    id: textAt(value, 'id') ?? '',
    restEndpoint: endpointOf(member, findings),
    readRestApiKey: keyReader(member, findings),
    start: value.start === 'beginning' ? 'beginning' : 'end',
    rateLimit: { requests: numberAt(rateLimit, 'requests'), perSeconds: numberAt(rateLimit, 'perSeconds') },
    concurrency: concurrencyOf(member, findings),
    lingerMs: numberAt(value, 'lingerMs'),
    identifyQuietMs: numberAt(value, 'identifyQuietMs'),
    poisonAfterMs: numberAt(value, 'poisonAfterMs'),
    requestTimeoutMs: numberAt(value, 'requestTimeoutMs'),
    maxAgeMs: durationMs(textAt(value, 'maxAge')),
    uncertain: value.uncertain === 'hold' ? 'hold' : 'resend',
    packing: value.packing === 'perArray' ? 'perArray' : 'combined',
    dedup: {
      maxPersons: numberAt(dedup, 'maxPersons'),
      ttlHours: numberAt(dedup, 'ttlHours'),
      persist: dedup.persist === true,
    },
    settings: buildSettings(value, path, findings),
  };
}

function concurrencyOf({ value, path }: Member, { faults }: Findings): DestinationConfig['concurrency'] {
  const concurrency = mappingAt(value, 'concurrency');
  const [start, max] = [numberAt(concurrency, 'start'), numberAt(concurrency, 'max')];
  if (start > max) {
    faults.push({
      path: [...path, 'concurrency', concurrencyKey(concurrency)],
      message: `found start ${start} above max ${max}, expected start to be at most max`,
    });
  }
  return { start, max };
}

/** The defaults are good: whichever is not one of them is what the user wrote. */
function concurrencyKey(concurrency: JsonObject): string {
  return concurrency.start === 16 ? 'max' : 'start';
}

/** Empty when nothing usable is configured. */
function endpointOf({ value, path }: Member, findings: Findings): string {
  const dataCenter = textAt(value, 'dataCenter');
  if (dataCenter !== undefined) return originOfDataCenter(dataCenter, [...path, 'dataCenter'], findings);
  const text = textAt(value, 'restEndpoint');
  if (text === undefined) return '';
  const checked = checkRestEndpoint(text);
  const at = [...path, 'restEndpoint'];
  if (!checked.ok) findings.faults.push({ path: at, message: checked.message });
  else if (checked.warning !== null) findings.warnings.push({ path: at, message: checked.warning });
  return checked.ok ? checked.origin : '';
}

function originOfDataCenter(dataCenter: string, path: Path, { faults }: Findings): string {
  const origin = originOf(dataCenter);
  if (origin !== null) return origin;
  if (dynamicFault(dataCenter) !== undefined) return '';
  const region = dataCenter.trim().toUpperCase();
  const ofRegion = DATA_CENTERS.filter((name) => name.startsWith(`${region}-`));
  const message =
    ofRegion.length > 0
      ? `found a region without its number, expected one of ${ofRegion.join(', ')}`
      : `found an unknown data centre, expected one of ${DATA_CENTERS.join(', ')} (or restEndpoint with the address that Braze gave you)`;
  faults.push({ path, message });
  return '';
}

function keyReader({ value, path }: Member, { faults }: Findings): () => string {
  const file = textAt(value, 'restApiKeyFile');
  const key = textAt(value, 'restApiKey');
  if (file === undefined) return () => key ?? '';
  const read = () => readKeyFile(file);
  try {
    read();
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    const message = `found a file that cannot be used, expected a REST API key in it: ${error.message}`;
    faults.push({ path: [...path, 'restApiKeyFile'], message });
  }
  return read;
}

/** The key goes into a header: what is not printable would break the request. */
function readKeyFile(file: string): string {
  const key = readSecretFile(file);
  if (new RegExp(API_KEY.pattern ?? '').test(key)) return key;
  throw new FileFault(`${file} holds something else than ${describeExpected(API_KEY)}`);
}
