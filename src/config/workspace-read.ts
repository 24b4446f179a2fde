/** Reads RudderStack's file: its sources, the Braze and other destinations, and who delivers to whom. */
import type { Findings } from './findings.ts';
import { type Connection, connectionsOf } from './workspace-connections.ts';
import { flagOf, givenFlagOf, type Part, partOf, partsOf, textOf } from './workspace-part.ts';

export interface Workspace {
  readonly root: Part;
  readonly sources: readonly WorkspaceSource[];
  /** One for each id. */
  readonly destinations: readonly WorkspaceDestination[];
  readonly connections: readonly Connection[];
}

export interface WorkspaceSource {
  readonly id: string;
  readonly name: string;
  readonly part: Part;
  readonly isEnabled: boolean;
  /** Ids of the destinations that it delivers to, also of those that are not served here. */
  readonly delivers: readonly string[];
}

export interface WorkspaceDestination {
  readonly id: string;
  readonly name: string;
  /** Name of its definition in upper case, e.g. `BRAZE`. */
  readonly type: string;
  readonly isEnabled: boolean;
  /** It stands under each of its sources; those that are delivered to come first. */
  readonly copies: readonly DestinationCopy[];
}

export interface DestinationCopy {
  readonly id: string;
  readonly part: Part;
  readonly config: Part | undefined;
  readonly isEnabled: boolean;
  /** Its source delivers to it: nothing on the way is switched off. */
  readonly isActive: boolean;
  /** It stands under no source. */
  readonly isLoose: boolean;
}

export const BRAZE = 'BRAZE';

/** Is good only when no fault was found. */
export function readWorkspace(root: Part, faults: Findings['faults']): Workspace {
  const connections = connectionsOf(root, faults);
  const read = partsOf(root, 'sources', faults).map((part) => {
    const id = textOf(part, 'id');
    const nested = partsOf(part, 'destinations', faults);
    const copies = nested.map((copy) => readCopy(copy, connections.isOff(id, textOf(copy, 'id')), faults));
    return { id, part, copies };
  });
  const loose = partsOf(root, 'destinations', faults).map((copy) => ({
    ...readCopy(copy, true, faults),
    isLoose: true,
  }));
  const destinations = gathered([...read.flatMap(({ copies }) => copies), ...loose]);
  const enabled = new Set(destinations.filter(({ isEnabled }) => isEnabled).map(({ id }) => id));
  const sources = read.map(({ id, part, copies }) => ({
    id,
    part,
    name: textOf(part, 'name'),
    isEnabled: flagOf(part, 'enabled', faults),
    delivers: [
      ...new Set([
        ...copies.filter(({ isActive }) => isActive).map((copy) => copy.id),
        ...connections.from(id).filter((to) => enabled.has(to) && !copies.some((copy) => copy.id === to)),
      ]),
    ],
  }));
  return { root, sources, destinations, connections: connections.list };
}

/** `isOff`: not delivered to by the source it stands under. */
function readCopy(part: Part, isOff: boolean, faults: Findings['faults']): DestinationCopy {
  const isEnabled = flagOf(part, 'enabled', faults);
  const isConnected = givenFlagOf(part, 'isConnectionEnabled', faults) ?? true;
  const isActive = isEnabled && flagOf(part, 'isProcessorEnabled', faults) && isConnected && !isOff;
  const config = partOf(part, 'config', faults);
  return { id: textOf(part, 'id'), part, config, isEnabled, isActive, isLoose: false };
}

function gathered(copies: readonly DestinationCopy[]): WorkspaceDestination[] {
  const byId = Map.groupBy(copies, ({ id }) => id);
  return [...byId].map(([id, same]) => {
    const sorted = same.toSorted((a, b) => rank(a) - rank(b));
    const part = sorted[0]?.part ?? { value: {}, path: [] };
    return {
      id,
      name: textOf(part, 'name'),
      type: typeOf(part),
      isEnabled: same.some((copy) => copy.isEnabled),
      copies: sorted,
    };
  });
}

function rank({ isActive, isEnabled }: DestinationCopy): number {
  return isActive ? 0 : isEnabled ? 1 : 2;
}

function typeOf(part: Part): string {
  const definition = partOf(part, 'destinationDefinition', []);
  return definition === undefined ? '' : textOf(definition, 'name').trim().toUpperCase();
}
