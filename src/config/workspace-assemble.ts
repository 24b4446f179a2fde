/** RudderStack's file and, beside it, Brazier's own: one configuration as if it had been written in our form, each part with its place. */
import { isObject, type JsonObject } from '../model/json.ts';
import { inOrder, type Problem } from './problem.ts';
import { type Fault, type Path, show } from './validator.ts';
import { type Entry, idOf, placeIn, plainOf } from './workspace-entries.ts';
import { checkAdditions, checkOwnIds, laidOver, ownEntries } from './workspace-own.ts';
import { readWorkspace, type Workspace } from './workspace-read.ts';
import { destinationEntry, differences, sourceEntry } from './workspace-translate.ts';
import { isServedHere, unservedOf } from './workspace-unserved.ts';
import { type Place, toProblem, type Written } from './written.ts';

export interface Assembled {
  /** null when it is not worth checking: `problems` say why. */
  readonly written: Written | null;
  readonly problems: readonly Problem[];
  /** What is not served, and entries of ours that have no effect. */
  readonly warnings: readonly Problem[];
}

interface Entries {
  readonly sources: readonly Entry[];
  readonly destinations: readonly Entry[];
}

/** `file` and `own` are readable. Neither is changed. */
export function assemble(file: Place, own: Place | undefined, allowUnserved: boolean): Assembled {
  const faults = shapeFaults(file, own);
  const root = file.document.value;
  if (faults.length > 0 || !isObject(root)) return { written: null, problems: faults, warnings: [] };
  const read: Fault[] = [];
  const workspace = readWorkspace({ value: root, path: [] }, read);
  const problems = read.map(({ path, message }) => toProblem({ ...file, path }, message));
  const told = tellUnserved(file, workspace, allowUnserved);
  const merged = merge(file, own, workspace);
  const all = [...problems, ...told.problems, ...merged.problems];
  const written =
    problems.length > 0 || isEmpty(merged.entries) ? null : toWritten(file, own, merged.entries);
  return { written, problems: inOrder(all), warnings: [...told.warnings, ...merged.warnings] };
}

function shapeFaults(file: Place, own: Place | undefined): Problem[] {
  const places = own === undefined ? [file] : [file, own];
  return places.flatMap((place) => {
    const { value } = place.document;
    return isObject(value) ? [] : [toProblem(place, `found ${show(value)}, expected a mapping`)];
  });
}

const ALLOW =
  'Braze would be sent something else than by RudderStack (--allow-unserved goes on all the same)';

function tellUnserved(file: Place, workspace: Workspace, allowUnserved: boolean) {
  const unserved = unservedOf(workspace);
  const isProblem = (changes: boolean) => changes && !allowUnserved;
  return {
    problems: unserved
      .filter(({ changesWhatIsSent }) => isProblem(changesWhatIsSent))
      .map(({ path, message }) => toProblem({ ...file, path }, `not served: ${message}. ${ALLOW}`)),
    warnings: unserved
      .filter(({ changesWhatIsSent }) => !isProblem(changesWhatIsSent))
      .map(({ path, message }) => toProblem({ ...file, path }, `not served: ${message}`)),
  };
}

interface Merged {
  readonly entries: Entries;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

function merge(file: Place, own: Place | undefined, { sources, destinations }: Workspace): Merged {
  const problems: Problem[] = [];
  const ours = own === undefined ? NONE : readOwn(own, problems);
  const served = destinations.filter(isServedHere);
  const servedIds = new Set(served.map(({ id }) => id));
  const isIdle = (entry: Entry) =>
    !servedIds.has(idOf(entry)) && destinations.some(({ id }) => id === idOf(entry));
  const over = ours.destinations.filter((entry) => !isIdle(entry));
  const decidedOf = new Map(over.map((entry) => [idOf(entry), new Set(entry.members.keys())]));
  const entries: Entries = {
    sources: laidOver(
      sources.map((source) => sourceEntry(file, source, servedIds)),
      ours.sources,
    ),
    destinations: laidOver(
      served.map((destination) => destinationEntry(file, destination)),
      over,
    ),
  };
  checkAdditions(over, [...servedIds], entries.sources, problems);
  problems.push(
    ...served.flatMap((each) => differences(file, each, decidedOf.get(each.id) ?? new Set())),
    ...missing(file, entries),
  );
  const warnings = ours.destinations.filter(isIdle).map(({ place }) => toProblem(place, NO_EFFECT));
  return { entries, problems, warnings };
}

const NONE: Entries = { sources: [], destinations: [] };

function readOwn(own: Place, problems: Problem[]): Entries {
  const entries = {
    sources: ownEntries(own, 'sources', problems),
    destinations: ownEntries(own, 'destinations', problems),
  };
  checkOwnIds(entries.sources, problems);
  checkOwnIds(entries.destinations, problems);
  return entries;
}

const NO_EFFECT = "without effect: RudderStack's file has this destination, but disabled or of another type";

function isEmpty({ sources, destinations }: Entries): boolean {
  return sources.length === 0 || destinations.length === 0;
}

function missing(file: Place, { sources, destinations }: Entries): Problem[] {
  const none = (what: string) => toProblem(file, `found no ${what}, expected at least one`);
  return [
    ...(sources.length === 0 ? [none('source')] : []),
    ...(destinations.length === 0 ? [none('enabled destination of type BRAZE')] : []),
  ];
}

function toWritten(file: Place, own: Place | undefined, entries: Entries): Written {
  const rest: JsonObject = isObject(own?.document.value) ? own.document.value : {};
  const value = {
    ...structuredClone(rest),
    sources: entries.sources.map(plainOf),
    destinations: entries.destinations.map(plainOf),
  };
  const entryAt = ([section, index]: Path): Entry | undefined =>
    section === 'sources' || section === 'destinations' ? entries[section][Number(index)] : undefined;
  return {
    value,
    placeOf(path) {
      const entry = entryAt(path);
      return entry === undefined ? { ...(own ?? file), path } : placeIn(entry, path.slice(2));
    },
    nameOf: (path) => entryAt(path)?.name ?? '',
  };
}
