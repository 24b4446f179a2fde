/** The log's thread: answers each call in turn by the store, and hands blobs over without copying them. */
import { parentPort, type Transferable } from 'node:worker_threads';
import { LogError } from '../log.ts';
import { copyRunning } from './copy.ts';
import { openingError, runningError } from './errors.ts';
import type { AnswerMessage, CallMessage, OpenOptions, SegmentRow } from './protocol.ts';
import { openDatabase } from './schema.ts';
import { Store } from './store.ts';

let store: Store | undefined;

/**
 * Calls that came while a step of a copy runs in a thread of its own; undefined without one. Two threads at one handle
 * would each see the other's transaction (the step fails, measured), so they are answered between two steps.
 */
let held: CallMessage[] | undefined;

parentPort?.on('message', (message: CallMessage) => {
  if (held) held.push(message);
  else if (message.call === 'copy') copy(message);
  else answer(message);
});

function answer(message: CallMessage): void {
  const result = answerTo(message);
  parentPort?.postMessage(
    result,
    (message.call === 'read' || message.call === 'scan') && result.ok ? buffersOf(result.result) : [],
  );
  if (message.call === 'close') parentPort?.close();
}

async function copy({ id, arg }: CallMessage): Promise<void> {
  held = [];
  try {
    const result = await opened().copy(arg as string, answerHeld);
    parentPort?.postMessage({ id, ok: true, result } satisfies AnswerMessage);
  } catch (error) {
    parentPort?.postMessage(failed(id, error));
  }
  answerHeld();
  held = undefined;
}

function answerHeld(): void {
  for (const message of held?.splice(0) ?? []) {
    if (message.call === 'copy') parentPort?.postMessage(failed(message.id, copyRunning()));
    else answer(message);
  }
}

function failed(id: number, error: unknown): AnswerMessage {
  const { code, message } = runningError(error);
  return { id, ok: false, code, message };
}

function opened(): Store {
  if (store === undefined) throw new LogError('log_closing', 'the log is not open');
  return store;
}

function answerTo({ id, call, arg }: CallMessage): AnswerMessage {
  try {
    if (call === 'open') {
      store = open(arg as OpenOptions);
      return { id, ok: true, result: store.opened() };
    }
    const method = opened()[call] as (arg: unknown) => unknown;
    return { id, ok: true, result: method.call(store, arg) };
  } catch (error) {
    return failed(id, error);
  }
}

/** What is found while the tables are first read stops the start as well. */
function open(options: OpenOptions): Store {
  try {
    return new Store(openDatabase(options.path, options.maxPageCount), options);
  } catch (error) {
    throw openingError(error, options.path);
  }
}

function buffersOf(result: unknown): Transferable[] {
  return (result as SegmentRow[]).flatMap(({ ends, sums, meta, data }) =>
    [ends, sums, meta, data].map(({ buffer }) => buffer as ArrayBuffer),
  );
}
