/** The transform step: one event → the Braze objects it causes. Pure: no input, no clock, nothing changed. */
import type { BrazierEvent } from '../src/model/event.ts';
import { filtered } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { Transform, TransformResult } from '../src/model/transform.ts';
import { transformAlias } from './alias.ts';
import { createGroup } from './group.ts';
import { createIdentify } from './identify.ts';
import { createPage } from './page.ts';
import { cutProperties } from './plain-properties.ts';
import { createTrack } from './track.ts';

const UNSUPPORTED = filtered('unsupported_type', 'Message type is not supported');

/**
 * Compiles the settings once. The same event gives the same result; it never throws on an event that `normalise`
 * made.
 */
export function createTransform(settings: DestinationSettings): Transform {
  const transformers = new Map<string, (event: BrazierEvent) => TransformResult>([
    ['identify', createIdentify(settings)],
    ['track', createTrack(settings)],
    ['page', createPage(settings, 'Page Viewed')],
    ['screen', createPage(settings, 'Screen Viewed')],
    ['group', createGroup(settings)],
    ['alias', (event) => transformAlias(event, settings)],
  ]);
  const hasRules = (settings.mappings?.properties ?? []).length > 0;
  const transform = (event: BrazierEvent) => transformers.get(event.type)?.(event) ?? UNSUPPORTED;
  return Object.assign(transform, { cut: hasRules ? undefined : cutProperties });
}
