/** One event's line → the line that `transform` answers: an event's whole way, without log and delivery. */
import { isUtf8 } from 'node:buffer';
import { createTransform } from '../../transformers/transform.ts';
import { type PackedRequest, type Packing, packEvent } from '../braze/requests.ts';
import { describeJsonFault } from '../ingest/json-fault.ts';
import { DEFAULT_LIMITS } from '../ingest/limits.ts';
import { scanBody } from '../ingest/scan.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { checkEvent, messageIdOf, normalise } from '../model/normalise.ts';
import { type Filtered, type Rejected, rejected, type Warning } from '../model/outcome.ts';
import type { DestinationSettings } from '../model/settings.ts';
import { planEvent } from '../pipeline/plan.ts';
import { createRouter } from '../pipeline/routing.ts';
import { type Line, OVERSIZED } from './lines.ts';

export interface PreviewOptions {
  readonly settings: DestinationSettings;
  readonly packing: Packing;
  /** Canonical ISO 8601: when an event counts as received. */
  readonly receivedAt: () => string;
}

/** Answers with JSON text without a line end; undefined for a blank line. */
export type Preview = (line: Line) => string | undefined;

const { maxEventBytes: MAX_BYTES, maxEventDepth: MAX_DEPTH } = DEFAULT_LIMITS;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

const TOO_LARGE = refusal(
  null,
  rejected('oversized', 'event_too_large', `the event is larger than ${MAX_BYTES} bytes`),
);

export function createPreview({ settings, packing, receivedAt }: PreviewOptions): Preview {
  const steps = { route: createRouter(settings), transform: createTransform(settings) };
  const answer = (raw: JsonObject): string => {
    const { event, warnings } = normalise(raw, { source: 'transform', receivedAt: receivedAt() });
    const plan = planEvent(event, warnings, steps);
    if (plan.status !== 'operations') return refusal(event.messageId, plan);
    return delivery(event.messageId, packEvent(plan.operations, packing), plan.warnings);
  };
  return (line) => {
    if (line === OVERSIZED) return TOO_LARGE;
    return answerLine(withoutMark(line));
  };

  function answerLine(line: Buffer): string | undefined {
    const text = line.toString();
    if (text.trim() === '') return undefined;
    const raw = isUtf8(line) ? parse(text) : undefined;
    if (raw === undefined) return refusal(null, invalidJson(line, text));
    const outcome = tooDeep(line) ?? checkEvent(raw);
    if (outcome) return refusal(isObject(raw) ? (messageIdOf(raw.messageId) ?? null) : null, outcome);
    return answer(raw as JsonObject);
  }
}

/** Ingest passes over it too; files put together may have one in the middle. */
function withoutMark(line: Buffer): Buffer {
  return line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? line.subarray(3) : line;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalidJson(line: Buffer, text: string): Rejected {
  const reason = isUtf8(line) ? describeJsonFault(text) : 'the text is not valid UTF-8';
  const message = `the line is not valid JSON: ${reason}`;
  return rejected('invalid', 'invalid_json', message, [{ path: '', message: reason }]);
}

/** Ingest's check: what nests deeper can be read, but not be written again. */
function tooDeep(line: Buffer): Rejected | undefined {
  const scan = scanBody(line, { maxDepth: MAX_DEPTH, maxElements: Number.MAX_SAFE_INTEGER });
  if (typeof scan === 'object') return undefined;
  return rejected('invalid', 'too_deep', `the event nests deeper than ${MAX_DEPTH} levels`);
}

function refusal(messageId: string | null, outcome: Filtered | Rejected): string {
  const { code, message } = outcome;
  if (outcome.status === 'filtered') return JSON.stringify({ messageId, filtered: { code, message } });
  return JSON.stringify({ messageId, rejected: { code, message, issues: outcome.issues } });
}

/** The bodies are JSON text already and are put in as they are. */
function delivery(
  messageId: string | null,
  requests: readonly PackedRequest[],
  warnings: readonly Warning[],
): string {
  const texts = requests.map(
    ({ method, path, body }) => `{"method":"${method}","path":"${path}","body":${body}}`,
  );
  return `{"messageId":${JSON.stringify(messageId)},"requests":[${texts.join(',')}],"warnings":${JSON.stringify(warnings)}}`;
}
