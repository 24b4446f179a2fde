/** The calls of the worker that only read: each is one bounded step, so that writes get their turn in between. */
import type { LetterFilter, LetterGroup, LetterQuery, LetterWalk, NotedQuery } from '../log.ts';
import { fetchRecords } from './fetch.ts';
import type { LetterTable } from './letters.ts';
import type {
  FetchResult,
  LetterRow,
  LetterRows,
  RequestRow,
  ScanCall,
  SearchCall,
  SearchResult,
  SegmentRow,
} from './protocol.ts';
import type { RequestTable } from './request-table.ts';
import type { SegmentTable } from './segment-table.ts';

export interface ReadTables {
  readonly segments: SegmentTable;
  readonly letters: LetterTable;
  readonly requests: RequestTable;
}

export class StoreReads {
  readonly #tables: ReadTables;

  constructor(tables: ReadTables) {
    this.#tables = tables;
  }

  read(from: number): SegmentRow[] {
    return this.#tables.segments.read(from);
  }

  scan(call: ScanCall): SegmentRow[] {
    return this.#tables.segments.scan(call);
  }

  fetch(offsets: readonly number[]): FetchResult {
    return fetchRecords(this.#tables.segments, offsets);
  }

  search(call: SearchCall): SearchResult {
    return this.#tables.segments.search(call);
  }

  letters(query: LetterQuery): LetterRow[] {
    return this.#tables.letters.list(query);
  }

  letter(id: string): LetterRow | undefined {
    return this.#tables.letters.get(id);
  }

  walkLetters(walk: LetterWalk): LetterRows {
    return this.#tables.letters.walk(walk);
  }

  groupLetters(filter: LetterFilter): LetterGroup[] {
    return this.#tables.letters.group(filter);
  }

  unfinished(group: string): RequestRow[] {
    return this.#tables.requests.open(group);
  }

  requests(query: NotedQuery): RequestRow[] {
    return this.#tables.requests.list(query);
  }
}
