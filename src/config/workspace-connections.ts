/** The `connections` of RudderStack's file: a second place that says which source delivers to which destination. */
import type { Findings } from './findings.ts';
import type { Path } from './validator.ts';
import { asPart, givenFlagOf, type Part, partOf, textOf } from './workspace-part.ts';

export interface Connection {
  readonly path: Path;
  /** Ids of its ends. */
  readonly source: string;
  readonly destination: string;
  readonly isOn: boolean;
  readonly isOff: boolean;
}

export interface Connections {
  readonly list: readonly Connection[];
  /** A connection stands there and is switched off; one that is not there says nothing. */
  isOff(source: string, destination: string): boolean;
  /** Ids of the destinations that this source is connected to. */
  from(source: string): string[];
}

export function connectionsOf(root: Part, faults: Findings['faults']): Connections {
  const all = partOf(root, 'connections', faults);
  const list = Object.entries(all?.value ?? {}).flatMap(([key, value]) => {
    const part = asPart({ value, path: [...(all?.path ?? []), key] }, faults);
    return part === undefined ? [] : [readConnection(part, faults)];
  });
  return {
    list,
    isOff: (source, destination) =>
      list.some((each) => each.source === source && each.destination === destination && each.isOff),
    from: (source) =>
      list.filter((each) => each.source === source && each.isOn).map(({ destination }) => destination),
  };
}

function readConnection(part: Part, faults: Findings['faults']): Connection {
  const enabled = givenFlagOf(part, 'enabled', faults);
  const processed = givenFlagOf(part, 'processorEnabled', faults);
  return {
    path: part.path,
    source: textOf(part, 'sourceId'),
    destination: textOf(part, 'destinationId'),
    isOff: enabled === false || processed === false,
    isOn: enabled === true && processed !== false,
  };
}
