/** Drives a memory with random events against the model of Braze: who may go, what is accepted, crashes in between. */
import type { Memory } from '../../src/memory/memory.ts';
import type { Operation } from '../../src/model/operation.ts';
import { DELIVERED, rejected } from '../../src/model/outcome.ts';
import { BrazeModel } from './memory-braze.ts';

export const LABEL = 'rudder_id';

export type Event =
  | { readonly type: 'track'; readonly user?: string; readonly device: string }
  | { readonly type: 'traits'; readonly user?: string; readonly device: string; readonly traits: object }
  | { readonly type: 'link'; readonly user: string; readonly device: string }
  | { readonly type: 'alias'; readonly user: string; readonly device: string };

/** `applied`: Braze did it all the same, as with a reply that was lost. */
export type Fate = 'delivered' | 'refused' | 'applied';

export type Step =
  | { readonly do: 'event'; readonly event: Event }
  /** Ends one of the operations whose turn it is. */
  | { readonly do: 'end'; readonly pick: number; readonly fate: Fate }
  | { readonly do: 'settle' }
  | { readonly do: 'crash' };

interface Entry {
  readonly operation: Operation;
  readonly full: Operation;
  readonly record: Record;
}

interface Record {
  readonly number: number;
  readonly event: Event;
  open: number;
}

const userKey = (user: string) => `external_id:${user}`;
const deviceKey = (device: string) => `alias:${LABEL}:${device}`;

export class Run {
  readonly braze = new BrazeModel();
  /** What Braze would be if nothing had been left out of the objects that it got. */
  readonly shadow = new BrazeModel();
  /** Links that were rejected, or whose merge may have done nothing: their past may wait for the next link. */
  readonly codes: string[] = [];
  readonly #open: () => Memory;
  #memory: Memory;
  #pending: Entry[] = [];
  #records: Record[] = [];
  #count = 0;
  leftOut = 0;
  unchanged = 0;

  constructor(open: () => Memory) {
    this.#open = open;
    this.#memory = open();
  }

  take(step: Step): void {
    if (step.do === 'event') this.event(step.event);
    else if (step.do === 'crash') this.#crash();
    else if (step.do === 'settle') this.settle();
    else this.#endOne(step.pick, step.fate);
  }

  event(event: Event): void {
    this.#count += 1;
    const record = { number: this.#count, event, open: 0 };
    this.#records.push(record);
    this.#plan(record);
  }

  /** Everything under way is delivered. */
  settle(): void {
    while (this.#pending.length > 0) this.#endOne(0, 'delivered');
  }

  #plan(record: Record): void {
    const full = operationsOf(record.event, record.number);
    const { operations, leftOut, outcome, warnings } = this.#memory.recall(full, false);
    this.codes.push(...warnings.map(({ code }) => code), ...(outcome ? [outcome.code] : []));
    this.leftOut += leftOut.operations.length;
    this.unchanged += leftOut.attributes;
    const isMerge = operations.some(({ kind }) => kind === 'merge');
    for (const operation of leftOut.operations) {
      if (!isMerge) this.#checkLeftOut(operation);
      if (!isMerge) this.shadow.apply(operation);
    }
    record.open = operations.length;
    for (const operation of operations) {
      const whole = full.find(({ part }) => part === operation.part);
      const isAttributes = operation.kind === 'attributes' && whole !== undefined;
      this.#pending.push({ operation, full: isAttributes ? whole : operation, record });
    }
  }

  /** Sent, it would have changed nothing. */
  #checkLeftOut(operation: Operation): void {
    const with_ = this.braze.clone();
    with_.apply(operation);
    if (with_.state() !== this.braze.state()) {
      throw new Error(`left out, but not without effect: ${operation.text}\n${this.braze.state()}`);
    }
  }

  #endOne(pick: number, fate: Fate): void {
    const ready = this.#pending.filter(({ operation }, index) =>
      this.#pending
        .slice(0, index)
        .every((other) => other.operation.keys.every((key) => !operation.keys.includes(key))),
    );
    const entry = ready[pick % ready.length];
    if (!entry) return;
    this.#pending.splice(this.#pending.indexOf(entry), 1);
    if (fate !== 'refused') {
      this.braze.apply(entry.operation);
      this.shadow.apply(entry.full);
    }
    const outcome = fate === 'delivered' ? DELIVERED : rejected('refused', 'braze_refused', 'test');
    this.#memory.settled(entry.operation, outcome);
    this.#memory.flush();
    entry.record.open -= 1;
  }

  /** Killed: what has an open operation is read again, all of it. */
  #crash(): void {
    this.#memory = this.#open();
    this.#pending = [];
    this.#records = this.#records.filter(({ open }) => open > 0);
    for (const record of this.#records) this.#plan(record);
  }
}

function operationsOf(event: Event, number: number): Operation[] {
  const { device } = event;
  const user_alias = { alias_name: device, alias_label: LABEL };
  const make = (kind: Operation['kind'], keys: string[], object: object): Operation => {
    const text = JSON.stringify(object);
    return { kind, keys, text, bytes: text.length, part: `${kind}:0` };
  };
  if (event.type === 'link' || event.type === 'alias') {
    const { user } = event;
    const keys = [userKey(user), deviceKey(device)];
    const link = make('identify', keys, { external_id: user, user_alias });
    return event.type === 'link' ? [link] : [make('alias', keys, { external_id: user, ...user_alias }), link];
  }
  const who =
    event.user === undefined ? { user_alias, _update_existing_only: false } : { external_id: event.user };
  const keys = [event.user === undefined ? deviceKey(device) : userKey(event.user)];
  if (event.type === 'track') return [make('event', keys, { ...who, number })];
  return [make('attributes', keys, { ...who, ...event.traits })];
}
