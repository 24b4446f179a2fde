/** Brazier's own file beside RudderStack's: its entries, to be laid over RudderStack's by their ids. */
import { isObject } from '../model/json.ts';
import type { Problem } from './problem.ts';
import { suggest } from './suggest.ts';
import { show } from './validator.ts';
import { type Entry, idOf, overridden } from './workspace-entries.ts';
import { type Place, toProblem } from './written.ts';

export type Section = 'sources' | 'destinations';

/** The entries under `section`; whatever else stands there is a problem. */
export function ownEntries(own: Place, section: Section, problems: Problem[]): Entry[] {
  const list = isObject(own.document.value) ? own.document.value[section] : undefined;
  const at = (index?: number): Place => ({
    ...own,
    path: index === undefined ? [section] : [section, index],
  });
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    problems.push(toProblem(at(), `found ${show(list)}, expected a list`));
    return [];
  }
  return list.flatMap((value, index) => {
    const place = at(index);
    if (!isObject(value)) {
      problems.push(toProblem(place, `found ${show(value)}, expected a mapping`));
      return [];
    }
    const members = Object.entries(value).map(
      ([key, member]) => [key, { value: member, place: { ...place, path: [...place.path, key] } }] as const,
    );
    return [{ place, name: `${section}[${index}] of ${own.file}`, members: new Map(members) }];
  });
}

/** The entries of `base` overridden by those of `over` with the same id; those with new ids, or none, come after them. */
export function laidOver(base: readonly Entry[], over: readonly Entry[]): Entry[] {
  const ids = new Set(base.map(idOf));
  const isAddition = (entry: Entry) => !isNamed(entry) || !ids.has(idOf(entry));
  const ofId = Map.groupBy(over, idOf);
  return [
    ...base.map((entry) => (isNamed(entry) ? (ofId.get(idOf(entry)) ?? []) : []).reduce(overridden, entry)),
    ...over.filter(isAddition),
  ];
}

function isNamed(entry: Entry): boolean {
  return idOf(entry) !== '';
}

/**
 * A destination of ours that would be added and that no source delivers to: most likely an id mistyped, and what was
 * to be overridden, such as the address of a rehearsal, would stay as it is.
 */
export function checkAdditions(
  over: readonly Entry[],
  ids: readonly string[],
  sources: readonly Entry[],
  problems: Problem[],
): void {
  for (const entry of over) {
    const id = idOf(entry);
    if (id === '' || ids.includes(id) || sources.some((source) => delivers(source, id))) continue;
    const near = suggest(id, ids);
    const hint =
      near === null
        ? 'expected the id of one that it has, or a source that names this one'
        : `did you mean ${near}?`;
    const message = `found "${id}", which RudderStack's file does not have and no source delivers to, ${hint}`;
    problems.push(toProblem({ ...entry.place, path: [...entry.place.path, 'id'] }, message));
  }
}

/** A source without a list delivers to every destination. */
function delivers({ members }: Entry, id: string): boolean {
  const listed = members.get('destinations')?.value;
  return !Array.isArray(listed) || listed.includes(id);
}

/** An id that stands in our file twice: which of the two would count? */
export function checkOwnIds(entries: readonly Entry[], problems: Problem[]): void {
  const seen = new Map<string, Entry>();
  for (const entry of entries) {
    const id = idOf(entry);
    const earlier = seen.get(id);
    if (earlier !== undefined && id !== '') {
      const message = `found "${id}", which ${earlier.name} has already, expected another id`;
      problems.push(toProblem({ ...entry.place, path: [...entry.place.path, 'id'] }, message));
    }
    seen.set(id, earlier ?? entry);
  }
}
