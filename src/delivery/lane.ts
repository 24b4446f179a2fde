/** A lane: the operations of one identity in log order. A linked list, since most lanes hold one or two and come and go. */
import type { Operation } from '../model/operation.ts';

/** An operation in the queue. `owner` is whatever the caller needs to know again, e.g. its record. */
export interface Queued<Owner> {
  readonly operation: Operation;
  readonly owner: Owner;
  /** ms, the caller's clock. */
  readonly addedAt: number;
}

export interface Entry<Owner> extends Queued<Owner> {
  /** One for each of the operation's keys. */
  readonly lanes: readonly Lane<Owner>[];
}

/** Where an entry stands in one lane. */
export interface Place<Owner> {
  readonly entry: Entry<Owner>;
  next: Place<Owner> | undefined;
}

export class Lane<Owner> {
  readonly key: string;
  /** Operations of this lane that are taken and not done. */
  busy = 0;
  /** Operations of this lane that are not done. */
  size = 0;
  /** The first that waits. */
  head: Place<Owner> | undefined;
  #tail: Place<Owner> | undefined;

  constructor(key: string) {
    this.key = key;
  }

  push(entry: Entry<Owner>): void {
    const place: Place<Owner> = { entry, next: undefined };
    if (this.#tail) this.#tail.next = place;
    else this.head = place;
    this.#tail = place;
    this.size += 1;
  }

  shift(): void {
    this.head = this.head?.next;
    if (!this.head) this.#tail = undefined;
  }
}
