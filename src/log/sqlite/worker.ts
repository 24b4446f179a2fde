/** The log's thread: answers each call in turn by the store, and hands blobs over without copying them. */
import { parentPort, type Transferable } from 'node:worker_threads';
import { LogError } from '../log.ts';
import { openingError, runningError } from './errors.ts';
import type { AnswerMessage, CallMessage, OpenOptions, SegmentRow } from './protocol.ts';
import { openDatabase } from './schema.ts';
import { Store } from './store.ts';

let store: Store | undefined;

parentPort?.on('message', (message: CallMessage) => {
  const answer = answerTo(message);
  parentPort?.postMessage(
    answer,
    (message.call === 'read' || message.call === 'scan') && answer.ok ? buffersOf(answer.result) : [],
  );
  if (message.call === 'close') parentPort?.close();
});

function answerTo({ id, call, arg }: CallMessage): AnswerMessage {
  try {
    if (call === 'open') {
      store = open(arg as OpenOptions);
      return { id, ok: true, result: store.opened() };
    }
    if (store === undefined) throw new LogError('log_closing', 'the log is not open');
    const method = store[call] as (arg: unknown) => unknown;
    return { id, ok: true, result: method.call(store, arg) };
  } catch (error) {
    const { code, message } = runningError(error);
    return { id, ok: false, code, message };
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
