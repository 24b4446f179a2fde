/** The embedded log's store in the test's own thread: no worker to start, and faults can be put into its database. */
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as macrotask } from 'node:timers/promises';
import type { EventLog } from '../../src/log/log.ts';
import type { StoreClient } from '../../src/log/sqlite/client.ts';
import { openingError, runningError } from '../../src/log/sqlite/errors.ts';
import { openOptions, type SqliteLogOptions } from '../../src/log/sqlite/options.ts';
import type { StoreCall, StoreCalls } from '../../src/log/sqlite/protocol.ts';
import { openDatabase } from '../../src/log/sqlite/schema.ts';
import { SqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import { Store } from '../../src/log/sqlite/store.ts';

export interface InProcessLog {
  readonly log: EventLog;
  readonly db: DatabaseSync;
  readonly calls: StoreCall[];
}

/** As `openSqliteLog`, without the thread; calls still cross a macrotask and are cloned. */
export function openInProcess(options: SqliteLogOptions, wrap = (db: DatabaseSync) => db): InProcessLog {
  const db = openDatabase(options.path, options.maxPageCount ?? 0);
  const store = openStore(wrap(db), options);
  const calls: StoreCall[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const client: StoreClient = {
    call<K extends StoreCall>(call: K, arg: StoreCalls[K]['arg'], transfer = []) {
      const cloned = structuredClone(arg, { transfer: transfer as never });
      const answer = last.then(async () => {
        await macrotask();
        calls.push(call);
        const method = store[call as Exclude<K, 'open'>] as (arg: unknown) => unknown;
        try {
          return structuredClone(method.call(store, cloned)) as StoreCalls[K]['result'];
        } catch (error) {
          throw runningError(error);
        }
      });
      last = answer.catch(() => {});
      return answer;
    },
    async end() {},
  };
  return { log: new SqliteLog(client, store.opened(), options), db, calls };
}

function openStore(db: DatabaseSync, options: SqliteLogOptions): Store {
  try {
    return new Store(db, openOptions(options));
  } catch (error) {
    throw openingError(error, options.path);
  }
}

/** The database with `exec` of one statement replaced: `fault` may throw in its place. */
export function withFault(db: DatabaseSync, statement: string, fault: () => void): DatabaseSync {
  return new Proxy(db, {
    get(target, name) {
      if (name === 'exec') {
        return (sql: string) => {
          if (sql === statement) fault();
          return target.exec(sql);
        };
      }
      const member = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
