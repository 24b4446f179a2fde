/** The noted requests of the log in memory. */
import type { NotedQuery, NotedRequest, RequestNotes } from './request-note.ts';

export interface RequestShelf {
  newId(): number;
  take(group: string, notes: RequestNotes): void;
  unfinished(group: string): NotedRequest[];
  list(query: NotedQuery): NotedRequest[];
}

export function createRequestShelf(): RequestShelf {
  const requests = new Map<number, NotedRequest>();
  let last = 0;
  return {
    newId() {
      last += 1;
      return last;
    },
    take(group, { begun = [], ended = [] }) {
      for (const note of begun) {
        requests.set(note.id, { ...note, group, end: null });
        last = Math.max(last, note.id);
      }
      for (const end of ended) {
        const request = requests.get(end.id);
        if (request?.end === null) requests.set(end.id, { ...request, end });
      }
    },
    unfinished: (group) =>
      [...requests.values()]
        .filter((each) => each.group === group && each.end === null)
        .sort((a, b) => a.id - b.id),
    list({ group, offset, doubtful, limit, before = Number.POSITIVE_INFINITY }) {
      return [...requests.values()]
        .filter(({ id }) => id < before)
        .filter((each) => group === undefined || each.group === group)
        .filter((each) => offset === undefined || spans(each, offset))
        .filter(({ end }) => doubtful !== true || end?.doubtful === true)
        .sort((a, b) => b.id - a.id)
        .slice(0, limit);
    },
  };
}

/** By the lowest and the highest, as an index would; who wants to be exact looks at the operations. */
function spans({ operations }: NotedRequest, offset: number): boolean {
  const offsets = operations.map((operation) => operation.offset);
  return Math.min(...offsets) <= offset && offset <= Math.max(...offsets);
}
