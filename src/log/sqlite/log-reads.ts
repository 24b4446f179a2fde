/** What of the embedded log is only looked at, for nobody's progress: letters, noted requests and single records. */
import type { DeadLetter } from '../../model/dead-letter.ts';
import { EVENTS_TOPIC, type LogRecord } from '../../model/record.ts';
import type {
  LetterFilter,
  LetterGroup,
  LetterQuery,
  LetterStretch,
  LetterWalk,
  NotedQuery,
  NotedRequest,
} from '../log.ts';
import { missingOf } from '../progress.ts';
import type { StoreClient } from './client.ts';
import { decodeLetter } from './letter-codec.ts';
import { decodeRequest } from './request-codec.ts';

export class LogReads {
  readonly #client: StoreClient;

  constructor(client: StoreClient) {
    this.#client = client;
  }

  async letters(query: LetterQuery): Promise<readonly DeadLetter[]> {
    return (await this.#client.call('letters', query)).map(decodeLetter);
  }

  async letter(id: string): Promise<DeadLetter | undefined> {
    const row = await this.#client.call('letter', id);
    return row === undefined ? undefined : decodeLetter(row);
  }

  async walkLetters(walk: LetterWalk): Promise<LetterStretch> {
    const { rows, next } = await this.#client.call('walkLetters', walk);
    return { letters: rows.map(decodeLetter), next };
  }

  groupLetters(filter: LetterFilter): Promise<readonly LetterGroup[]> {
    return this.#client.call('groupLetters', filter);
  }

  async fetch(topic: string, partition: number, offsets: readonly number[]): Promise<readonly LogRecord[]> {
    checkPlace(topic, partition);
    const found: LogRecord[] = [];
    for (let at = 0; at < offsets.length; ) {
      const { looked, records } = await this.#client.call('fetch', offsets.slice(at));
      found.push(...records);
      at += looked;
    }
    return found;
  }

  /** What is appended is there at once: whatever is not was deleted. */
  async gone(topic: string, partition: number, offsets: readonly number[]): Promise<readonly number[]> {
    return missingOf(offsets, await this.fetch(topic, partition, offsets));
  }

  async requests(query: NotedQuery): Promise<readonly NotedRequest[]> {
    return (await this.#client.call('requests', query)).map(decodeRequest);
  }
}

/** The embedded log has one topic in one partition. */
export function checkPlace(topic: string, partition = 0): void {
  if (topic !== EVENTS_TOPIC || partition !== 0) {
    throw new Error(`the embedded log has only ${EVENTS_TOPIC}/0, not ${topic}/${partition}`);
  }
}
