/** Logs what ingest turns away without letting a storm of it become a storm of lines: one a second and code. */

/** What ingest needs of a logger; winston's fits. */
export interface IngestLogger {
  debug(message: string, fields?: Record<string, unknown>): unknown;
  info(message: string, fields?: Record<string, unknown>): unknown;
  warn(message: string, fields?: Record<string, unknown>): unknown;
  error(message: string, fields?: Record<string, unknown>): unknown;
}

/** Nothing that the client sent may go into `fields`: no body, key, header or URL. */
export type LogRefusal = (
  message: string,
  fields: { readonly code: string } & Record<string, unknown>,
) => void;

const QUIET_MS = 1_000;

export function createRefusalLog(logger: IngestLogger, now: () => number): LogRefusal {
  const codes = new Map<string, { loggedAt: number; suppressed: number }>();
  return (message, fields) => {
    const at = now();
    const last = codes.get(fields.code);
    if (last !== undefined && Math.abs(at - last.loggedAt) < QUIET_MS) {
      last.suppressed++;
      return;
    }
    codes.set(fields.code, { loggedAt: at, suppressed: 0 });
    const suppressed = last?.suppressed ? { suppressed: last.suppressed } : {};
    logger.warn(message, { ...fields, ...suppressed });
  };
}
