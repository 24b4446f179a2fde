/** The transform step: one event → the Braze objects it causes. Pure: no input, no clock, nothing changed. */
import type { BrazierEvent } from '../src/model/event.ts';
import { filtered } from '../src/model/outcome.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { transformAlias } from './alias.ts';
import { transformGroup } from './group.ts';
import { transformIdentify } from './identify.ts';
import { transformPage, transformScreen } from './page.ts';
import { transformTrack } from './track.ts';

export type Transform = (event: BrazierEvent) => TransformResult;

/** The same event and settings give the same result; it never throws on an event that `normalise` made. */
export function createTransform(settings: DestinationSettings): Transform {
  return (event) => {
    switch (event.type) {
      case 'identify':
        return transformIdentify(event);
      case 'track':
        return transformTrack(event, settings);
      case 'page':
        return transformPage(event);
      case 'screen':
        return transformScreen(event);
      case 'group':
        return transformGroup(event);
      case 'alias':
        return transformAlias(event, settings);
      default:
        return filtered('unsupported_type', 'Message type is not supported');
    }
  };
}
