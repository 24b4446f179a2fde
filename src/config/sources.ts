/** Sources: their write keys, from the configuration or from files, and what the schema cannot say about them. */
import type { DestinationConfig, SourceConfig } from './config.ts';
import { FileFault } from './file-fault.ts';
import { checkUniqueIds, type Findings, type Member, textAt, textsAt } from './findings.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { readSecretFile } from './secret-file.ts';
import { suggest } from './suggest.ts';
import { describeExpected, formatPath, type Path } from './validator.ts';

const WRITE_KEY = CONFIG_SCHEMA.properties?.sources?.items?.properties?.writeKey?.items ?? {};

interface Beside {
  readonly destinations: readonly DestinationConfig[];
  /** The subscriptions, right or wrong. */
  readonly subscribing: readonly Member[];
}

/** Builds the sources; they are good only when nothing was found. */
export function buildSources(
  members: readonly Member[],
  { destinations, subscribing }: Beside,
  findings: Findings,
) {
  checkUniqueIds(members, findings);
  const destinationIds = destinations.map(({ id }) => id).filter((id) => id !== '');
  const sources = members.map((member) => buildSource(member, destinationIds, findings));
  checkUniqueKeys(members, sources, findings);
  const subscribed = subscribing.map(({ value }) => value.source);
  for (const member of members) if (!subscribed.includes(member.value.id)) checkHasKey(member, findings);
  return sources;
}

/** Only a subscription brings events without one. */
function checkHasKey({ value, path }: Member, { faults }: Findings): void {
  if (value.writeKey !== undefined || value.writeKeyFile !== undefined) return;
  faults.push({ path, message: 'found none of writeKey and writeKeyFile, expected exactly one' });
}

function buildSource(member: Member, destinationIds: readonly string[], findings: Findings): SourceConfig {
  const { value } = member;
  const destinations = Array.isArray(value.destinations) ? textsAt(value, 'destinations') : null;
  checkDestinations(member, destinationIds, findings);
  if (destinations?.length === 0 && value.enabled === true) {
    findings.warnings.push({ path: [...member.path, 'destinations'], message: TO_NOBODY });
  }
  return {
    id: textAt(value, 'id') ?? '',
    writeKeys: [...textsAt(value, 'writeKey'), ...keysFromFiles(member, findings)],
    enabled: value.enabled === true,
    destinations,
  };
}

const TO_NOBODY = 'this source delivers to no destination: its events are accepted and counted as filtered';

function keysFromFiles({ value, path }: Member, findings: Findings): string[] {
  const isList = Array.isArray(value.writeKeyFile);
  return textsAt(value, 'writeKeyFile').flatMap((file, index) => {
    const at = isList ? [...path, 'writeKeyFile', index] : [...path, 'writeKeyFile'];
    const key = readKey(file, at, findings);
    return key === null ? [] : [key];
  });
}

function readKey(file: string, path: Path, { faults }: Findings): string | null {
  try {
    const key = readSecretFile(file);
    if (new RegExp(WRITE_KEY.pattern ?? '').test(key)) return key;
    faults.push({
      path,
      message: `found something else in ${file}, expected ${describeExpected(WRITE_KEY)}`,
    });
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    faults.push({
      path,
      message: `found a file that cannot be used, expected a write key in it: ${error.message}`,
    });
  }
  return null;
}

function checkDestinations({ value, path }: Member, known: readonly string[], { faults }: Findings): void {
  if (!Array.isArray(value.destinations)) return;
  value.destinations.forEach((id, index) => {
    if (typeof id !== 'string' || id === '' || known.includes(id)) return;
    const nearest = suggest(id, known);
    const hint = nearest === null ? `expected one of ${known.join(', ')}` : `did you mean ${nearest}?`;
    faults.push({
      path: [...path, 'destinations', index],
      message: `found the unknown destination "${id}", ${hint}`,
    });
  });
}

/** A write key says which source an event is from, so it can belong to one only. The key itself is not shown. */
function checkUniqueKeys(
  members: readonly Member[],
  sources: readonly SourceConfig[],
  { faults, nameOf = formatPath }: Findings,
): void {
  const owner = new Map<string, number>();
  sources.forEach(({ writeKeys }, index) => {
    const path = members[index]?.path ?? [];
    for (const key of writeKeys) {
      const earlier = owner.get(key);
      owner.set(key, earlier ?? index);
      if (earlier === undefined || earlier === index) continue;
      const whose = nameOf(members[earlier]?.path ?? []);
      faults.push({
        path,
        message: `found the write key of ${whose} again, expected one that nobody else has`,
      });
    }
  });
}
