/** The process's log lines: one JSON object per line on stderr, secrets masked, repeats held down. Bodies are never given to it. */
import winston from 'winston';
import { loggable, loggableText, Secrets } from './log-fields.ts';
import { createRepeats } from './repeats.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const RANK = { error: 0, warn: 1, info: 2, debug: 3 } as const satisfies Record<LogLevel, number>;

/** `err` takes an Error; ids and counts are fine, event contents and bodies are not. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  debug(msg: string, fields?: LogFields): void;
  /** The same logger with these fields on each of its lines. */
  child(fields: LogFields): Logger;
  /**
   * These texts are masked from now on in every line of this logger, its parents and its children; but for those that are
   * too short to be secrets.
   */
  redact(values: readonly string[]): void;
}

/** The one that the others are children of. */
export interface RootLogger extends Logger {
  level(): LogLevel;
  /** From the next line on, for its children too. */
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Short lines for people instead of JSON. */
  readonly pretty?: boolean;
  /** Default stderr. */
  readonly stream?: NodeJS.WritableStream;
  readonly version?: string;
  readonly now?: () => number;
}

/**
 * Lines carry time, level, msg, service and version, which fields cannot replace. Of lines with the same
 * msg, code and destination ten a minute are written (debug: all); the next one after that minute says how
 * many were suppressed. Never throws, also when the stream is gone.
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const { level, pretty = false, stream = process.stderr, version, now = Date.now } = options;
  // Whoever reads the log may go away; the server stays.
  stream.on('error', () => undefined);
  const secrets = new Secrets();
  const base = { service: 'brazier', ...(version === undefined ? {} : { version }) };
  const write = winston.createLogger({
    level,
    levels: RANK,
    format: winston.format.printf((info) => {
      const line = { time: new Date(now()).toISOString(), level: info.level, msg: info.message as string };
      const fields = info.fields as LogFields;
      return pretty ? prettyLine(line, fields) : JSON.stringify({ ...line, ...base, ...fields });
    }),
    transports: [new winston.transports.Stream({ stream })],
  });
  return {
    ...bind({ write, secrets, repeats: createRepeats(now), bound: {} }),
    level: () => LOG_LEVELS.find((each) => each === write.level) ?? level,
    setLevel(next) {
      write.level = next;
    },
  };
}

interface Bound {
  readonly write: winston.Logger;
  readonly secrets: Secrets;
  readonly repeats: ReturnType<typeof createRepeats>;
  readonly bound: LogFields;
}

function bind(self: Bound): Logger {
  // What is not to be written costs next to nothing: each request has a line of `debug`.
  const at = (level: LogLevel) => (msg: string, fields?: LogFields) => {
    if (RANK[level] <= RANK[self.write.level as LogLevel])
      emit(self, level, msg, { ...self.bound, ...fields });
  };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => bind({ ...self, bound: { ...self.bound, ...fields } }),
    redact: (values) => self.secrets.add(values),
  };
}

const RESERVED = ['time', 'level', 'msg', 'service', 'version'];

function emit({ write, secrets, repeats }: Bound, level: LogLevel, msg: string, fields: LogFields): void {
  const suppressed = level === 'debug' ? 0 : repeats(kindOf(msg, fields));
  if (suppressed === null) return;
  const safe = loggable(fields, secrets) as Record<string, unknown>;
  for (const name of RESERVED) delete safe[name];
  if (suppressed > 0) safe.suppressed = suppressed;
  // As one field: winston would join a field named `message` to the line's own.
  write.log({ level, message: loggableText(msg, secrets), fields: safe });
}

function kindOf(msg: string, { code, err, destination }: LogFields): string {
  const errorCode = err instanceof Error ? (err as NodeJS.ErrnoException).code : undefined;
  return JSON.stringify([msg, String(code ?? errorCode ?? ''), String(destination ?? '')]);
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
}

function prettyLine({ time, level, msg }: Line, fields: LogFields): string {
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${prettyValue(value)}`);
  return `${time.slice(11, 19)} ${level.padEnd(5)} ${onOneLine(msg)}${rest.join('')}`;
}

function prettyValue(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
  const isError = typeof value === 'object' && value !== null && 'stack' in value && 'message' in value;
  return isError ? JSON.stringify(value.message) : (JSON.stringify(value) ?? '');
}

/** JSON's escapes for line breaks and control characters, without its quotes. */
function onOneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
}
