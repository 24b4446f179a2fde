/** What an upgrade from one rendering to another does: which workloads restart, and what Kubernetes would refuse. */
import { isDeepStrictEqual } from 'node:util';
import type { Rendered } from './render.ts';

export interface Upgrade {
  /** `StatefulSet/brazier` …: their pods are made anew. */
  readonly restarts: readonly string[];
  /** Objects that go, whatever comes in their place. */
  readonly removed: readonly string[];
  /** `StatefulSet/brazier: spec.selector`: cannot be changed, the upgrade would fail. */
  readonly refused: readonly string[];
}

/** Kubernetes documentation, "StatefulSet" and "Deployment": everything else of a StatefulSet's spec is immutable too. */
const MUTABLE: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: [
    'replicas',
    'ordinals',
    'template',
    'updateStrategy',
    'revisionHistoryLimit',
    'persistentVolumeClaimRetentionPolicy',
    'minReadySeconds',
  ],
};
const IMMUTABLE: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['selector'],
  Service: ['clusterIP'],
};

export const idOf = ({ kind, metadata }: Rendered): string => `${kind}/${metadata.name}`;

export function compareReleases(before: readonly Rendered[], after: readonly Rendered[]): Upgrade {
  const next = new Map(after.map((object) => [idOf(object), object]));
  const pairs = before.flatMap((object) => {
    const then = next.get(idOf(object));
    return then ? [{ id: idOf(object), kind: object.kind, old: specOf(object), new: specOf(then) }] : [];
  });
  return {
    restarts: pairs
      .filter((pair) => !isDeepStrictEqual(pair.old.template, pair.new.template))
      .map(({ id }) => id),
    removed: before.map(idOf).filter((id) => !next.has(id)),
    refused: pairs.flatMap((pair) =>
      frozenKeys(pair.kind, pair.old, pair.new).map((key) => `${pair.id}: spec.${key}`),
    ),
  };
}

type Spec = Readonly<Record<string, unknown>>;

const specOf = (object: Rendered): Spec => (object.spec ?? {}) as Spec;

function frozenKeys(kind: string, old: Spec, next: Spec): string[] {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const mutable = MUTABLE[kind];
  const frozen = mutable ? keys.filter((key) => !mutable.includes(key)) : (IMMUTABLE[kind] ?? []);
  return frozen.filter((key) => !isDeepStrictEqual(old[key], next[key]));
}
