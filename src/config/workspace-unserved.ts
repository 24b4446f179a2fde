/** What stands in RudderStack's file and is not served here, each with its place: nothing of it is passed over in silence. */
import type { Path } from './validator.ts';
import { isFilled, isSet, memberOf, type Part, partOf, textOf } from './workspace-part.ts';
import { BRAZE, type Workspace, type WorkspaceDestination, type WorkspaceSource } from './workspace-read.ts';
import { settingsNotServed } from './workspace-unserved-settings.ts';

export interface Unserved {
  readonly path: Path;
  readonly message: string;
  /** RudderStack sends Braze something else because of it: serving without it would send wrong data. */
  readonly changesWhatIsSent: boolean;
}

export function isServedHere({ type, isEnabled }: WorkspaceDestination): boolean {
  return type === BRAZE && isEnabled;
}

export function unservedOf(workspace: Workspace): Unserved[] {
  const { root, sources, destinations } = workspace;
  const served = new Set(destinations.filter(isServedHere).map(({ id }) => id));
  return [
    ...ofWorkspace(root),
    ...sources.filter(({ isEnabled }) => isEnabled).flatMap((source) => ofSource(source, served)),
    ...destinations.flatMap((each) => (isServedHere(each) ? ofServed(each) : ofOther(each))),
    ...looseEnds(workspace),
  ];
}

const WORKSPACE_PARTS = [
  ['libraries', 'code for JavaScript transformations, which are not run here'],
  ['credentials', 'not used here'],
  ['accounts', 'not used here: Braze takes a REST API key'],
  ['eventReplays', 'not taken over; dead letters are replayed with `dead-letters replay`'],
] as const;

/** RudderStack's public endpoint blocks nothing either: only its internal one reads the list. */
const BLOCKING =
  "RudderStack's event blocking is not served: name these events in blacklistedEvents, or drop them with mappings.events";

function ofWorkspace(root: Part): Unserved[] {
  const settings = partOf(root, 'settings', []);
  const blocking = settings && partOf(settings, 'eventBlocking', []);
  const parts = WORKSPACE_PARTS.map(([name, message]) =>
    isFilled(root, name) ? note(root, name, message) : [],
  );
  const keep = 'not taken over: `log.retainHours` says how long delivered events are kept';
  return [
    ...parts.flat(),
    ...(settings && isFilled(settings, 'dataRetention') ? note(settings, 'dataRetention', keep) : []),
    ...(blocking && isFilled(blocking, 'events') ? note(blocking, 'events', BLOCKING) : []),
  ];
}

function ofSource({ part, delivers }: WorkspaceSource, served: ReadonlySet<string>): Unserved[] {
  const geo = partOf(part, 'geoEnrichment', []);
  const plan = partOf(part, 'dgSourceTrackingPlanConfig', []);
  const definition = partOf(part, 'sourceDefinition', []);
  const category = definition === undefined ? '' : textOf(definition, 'category');
  const kept = 'its events are kept here too, until they are delivered and for `log.retainHours`';
  const isServed = delivers.some((id) => served.has(id));
  return [
    ...(isSet(part, 'transient') ? note(part, 'transient', kept) : []),
    ...(geo && isSet(geo, 'enabled')
      ? note(part, 'geoEnrichment', 'context.geo is not added here; Braze is sent nothing of it')
      : []),
    ...(plan && isServed ? ofTrackingPlan(part, plan) : []),
    ...(definition && category !== '' && category.toLowerCase() !== 'eventstream'
      ? note(definition, 'category', fetched(category))
      : []),
  ];
}

function fetched(category: string): string {
  return `RudderStack fetches or converts the events of this kind of source (${category}): here it takes only events that are posted with its write key`;
}

function ofTrackingPlan(source: Part, plan: Part): Unserved[] {
  const identity = partOf(plan, 'trackingPlan', []);
  if (identity === undefined || textOf(identity, 'id') === '' || isSet(plan, 'deleted')) return [];
  const path = memberOf(source, 'dgSourceTrackingPlanConfig')?.path ?? source.path;
  if (!dropsEvents(plan)) {
    return [{ path, message: 'events are not checked against the tracking plan', changesWhatIsSent: false }];
  }
  const message = 'the tracking plan drops events: events are not checked against it here';
  return [{ path, message, changesWhatIsSent: true }];
}

/** By its options, which are kept by the type of the call. */
function dropsEvents(plan: Part): boolean {
  const byType = partOf(plan, 'config', []);
  return Object.values(byType?.value ?? {}).some((options) =>
    Object.entries(options ?? {}).some(
      ([name, value]) => value === 'drop' || (name === 'allowUnplannedEvents' && String(value) === 'false'),
    ),
  );
}

function ofOther({ id, type, isEnabled, copies }: WorkspaceDestination): Unserved[] {
  const part = copies[0]?.part;
  if (part === undefined || (type !== BRAZE && !isEnabled)) return [];
  const what = type === BRAZE ? 'is disabled' : `is of type ${type || '(none)'}, only ${BRAZE} is served`;
  const message = `destination "${id}" ${what}: nothing is sent there`;
  return [{ path: part.path, message, changesWhatIsSent: false }];
}

function ofServed(destination: WorkspaceDestination): Unserved[] {
  const { id, copies } = destination;
  const off = copies.filter(({ isEnabled, isActive, isLoose }) => isEnabled && !isActive && !isLoose);
  const transformed = copies.find(({ part, isActive }) => isActive && isFilled(part, 'transformations'));
  return [
    ...off.map(({ part }) => ({
      path: part.path,
      message: `the connection to destination "${id}" is switched off (enabled, isProcessorEnabled, isConnectionEnabled or \`connections\`): nothing of this source is sent there`,
      changesWhatIsSent: false,
    })),
    ...(transformed ? note(transformed.part, 'transformations', TRANSFORMED, true) : []),
    ...copies.slice(0, 1).flatMap(({ config }) => (config ? settingsNotServed(config) : [])),
  ];
}

const TRANSFORMED =
  'JavaScript and Python transformations are not run here; renaming, dropping and converting is done by `mappings` (docs/mappings.md)';

function looseEnds({ sources, destinations, connections }: Workspace): Unserved[] {
  const known = {
    source: new Set(sources.map(({ id }) => id)),
    destination: new Set(destinations.map(({ id }) => id)),
  };
  const loose = connections.filter(
    (each) => each.isOn && !(known.source.has(each.source) && known.destination.has(each.destination)),
  );
  return loose.map(({ source, destination, path }) => ({
    path,
    message: `connects source "${source}" with destination "${destination}", which are not both in this file: nothing is sent`,
    changesWhatIsSent: false,
  }));
}

function note(part: Part, name: string, message: string, changesWhatIsSent = false): Unserved[] {
  return [{ path: memberOf(part, name)?.path ?? part.path, message, changesWhatIsSent }];
}
