/** What the dashboard shows, from top to bottom: what everybody looks at, then the way of an event. */
import type { Row } from './panel.ts';
import { ingestion, kafka, overview } from './rows-in.ts';
import { braze, transform } from './rows-out.ts';
import { runtime } from './rows-process.ts';
import { queue } from './rows-queue.ts';

export const ROWS: readonly Row[] = [overview, ingestion, kafka, transform, braze, queue, runtime];
