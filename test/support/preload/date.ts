/** Preloaded into a process (`--import`): the date is as far off as a file says, as if somebody had set the machine's clock. */
import { readFileSync } from 'node:fs';

const LOOK_MS = 20;
const RealDate = Date;
let offMs = 0;

/** The file: ms to add. While it is being written it may be empty. */
function look(): void {
  offMs = Number(readFileSync(String(process.env.TEST_DATE_FILE), 'utf8')) || 0;
}

class ShiftedDate extends RealDate {
  constructor(...parts: [] | [number]) {
    if (parts.length === 0) super(RealDate.now() + offMs);
    else super(...parts);
  }

  static override now(): number {
    return RealDate.now() + offMs;
  }
}

look();
setInterval(look, LOOK_MS).unref();
globalThis.Date = ShiftedDate as DateConstructor;
