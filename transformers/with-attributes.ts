/** Frame of track, page and screen: the attributes of the traits that came along, then what the person did. */
import type { BrazierEvent } from '../src/model/event.ts';
import type { Operation } from '../src/model/operation.ts';
import type { Rejected, Warning } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { createAttributes } from './attributes.ts';
import { type Identity, identityOf } from './identity.ts';

/** Makes the event's own operations; may add warnings. */
export type Build = (identity: Identity, warnings: Warning[]) => readonly Operation[] | Rejected;

/** One fault rejects the whole event, its attributes too: it can then be mended and replayed whole. */
export type WithAttributes = (event: BrazierEvent, build: Build) => TransformResult;

export function createWithAttributes(settings: DestinationSettings): WithAttributes {
  const attributesOf = createAttributes(settings);
  return (event, build) => {
    const identity = identityOf(event);
    if ('status' in identity) return identity;
    const warnings: Warning[] = [];
    const built = build(identity, warnings);
    if ('status' in built) return built;
    const attributes = attributesOf(event, identity, warnings);
    if (!attributes) return { status: 'operations', operations: built, warnings };
    if ('status' in attributes) return attributes;
    return { status: 'operations', operations: [attributes, ...built], warnings };
  };
}
