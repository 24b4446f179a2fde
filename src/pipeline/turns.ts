/** How much a pipeline does before other work gets its turn. */

/** Records planned: a few ms. */
export const RECORDS_PER_TURN = 128;
