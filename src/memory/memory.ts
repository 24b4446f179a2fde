/**
 * What a destination remembers of persons. Asked when a record's operations have been planned and before they are
 * queued, in the order of the log; told what became of each of them.
 */
import { isLink, type Operation } from '../model/operation.ts';
import { type Filtered, type FinalOutcome, filtered, type Warning } from '../model/outcome.ts';
import type { AttributeMemory, AttributesTicket } from './attributes.ts';
import { type AliasLink, aliasLinkOf, mergeFor, userMergeOf } from './link-operation.ts';
import type { LinkMemory, LinkTicket } from './links.ts';

export interface Memory {
  /** `isReplay`: nothing is left out. */
  recall(operations: readonly Operation[], isReplay: boolean): Recalled;
  /** Every operation that `recall` gave back ends here, in the order of its person. */
  settled(operation: Operation, outcome: FinalOutcome): void;
  /** What was learned is the operating system's from now on: to be called before the progress that follows from it. */
  flush(): void;
  close(): void;
}

export interface Recalled {
  /** What is still to be sent; empty exactly when there is an `outcome`. */
  readonly operations: readonly Operation[];
  readonly warnings: readonly Warning[];
  /** Of the event, when nothing is left of it. */
  readonly outcome: Filtered | undefined;
  readonly leftOut: LeftOut;
}

export interface LeftOut {
  readonly operations: readonly Operation[];
  /** Single attributes, those of whole objects among them. */
  readonly attributes: number;
}

export interface MemoryParts {
  readonly links: LinkMemory;
  /** Absent: attributes are sent as they are. */
  readonly attributes?: AttributeMemory;
  readonly onClose: () => void;
}

const NOTHING: LeftOut = { operations: [], attributes: 0 };

/** What is under way and has something to teach, apart from plain data. */
interface Tickets {
  readonly link?: LinkTicket;
  readonly attributes?: AttributesTicket;
}

export function createMemory(parts: MemoryParts): Memory {
  return new PersonMemory(parts);
}

class PersonMemory implements Memory {
  readonly #links: LinkMemory;
  readonly #attributes: AttributeMemory | undefined;
  readonly #onClose: () => void;
  readonly #tickets = new Map<Operation, Tickets>();

  constructor({ links, attributes, onClose }: MemoryParts) {
    this.#links = links;
    this.#attributes = attributes;
    this.#onClose = onClose;
  }

  recall(operations: readonly Operation[], isReplay: boolean): Recalled {
    if (!this.#attributes && !operations.some(({ kind }) => isLink(kind))) {
      for (const { keys } of operations) this.#links.data(keys[0] ?? '');
      return { operations, warnings: [], outcome: undefined, leftOut: NOTHING };
    }
    return this.#recallEach(operations, isReplay);
  }

  #recallEach(operations: readonly Operation[], isReplay: boolean): Recalled {
    const kept: Operation[] = [];
    const leftOut: Operation[] = [];
    const warnings: Warning[] = [];
    let unchanged = 0;
    const linked = this.#linksIn(operations, isReplay, warnings);
    for (const operation of operations) {
      const { sent, leftOutAttributes = 0 } = isLink(operation.kind)
        ? this.#recallLink(operation, linked)
        : this.#recallData(operation, isReplay);
      unchanged += leftOutAttributes;
      if (sent) kept.push(sent);
      else leftOut.push(operation);
    }
    const outcome = kept.length === 0 ? nothingLeft(leftOut) : undefined;
    return { operations: kept, warnings, outcome, leftOut: { operations: leftOut, attributes: unchanged } };
  }

  /** The decision on the one pair that an event links: an alias call has two operations for it. */
  #linksIn(operations: readonly Operation[], isReplay: boolean, warnings: Warning[]): Linked {
    const operation = operations.find(({ kind }) => kind === 'identify');
    const link = operation && aliasLinkOf(operation);
    if (!link) return { ticket: undefined };
    const decision = this.#links.plan(link, {
      isReplay,
      isAliasCall: operations.some(({ kind }) => kind === 'alias'),
    });
    if (decision === 'without_effect' || decision === 'shared') warnings.push(warningOf(decision, link));
    return { ticket: { link, decision, gives: false } };
  }

  #recallLink(operation: Operation, { ticket }: Linked): Recall {
    const decision = operation.kind === 'merge' ? undefined : ticket?.decision;
    if (decision === 'leave_out') return { sent: undefined };
    // The user has an alias of the label: Braze would not add another.
    if (decision === 'merge' && operation.kind === 'alias') return { sent: undefined };
    const sent = decision === 'merge' && ticket ? mergeFor(operation, ticket.link) : operation;
    this.#attributes?.linkPlanned(sent.keys);
    if (ticket && operation.kind !== 'merge') this.#tickets.set(sent, { link: ticket });
    return { sent };
  }

  #recallData(operation: Operation, isReplay: boolean): Recall {
    const [key = ''] = operation.keys;
    if (!this.#attributes || operation.kind !== 'attributes') {
      this.#links.data(key);
      return { sent: operation };
    }
    const planned = this.#attributes.plan(operation, this.#links.usersOf(key), isReplay);
    if (planned.operation) {
      this.#links.data(key);
      this.#tickets.set(planned.operation, { attributes: planned.ticket });
    }
    return { sent: planned.operation ?? undefined, leftOutAttributes: planned.leftOut };
  }

  settled(operation: Operation, { status }: FinalOutcome): void {
    const isDelivered = status === 'delivered';
    const ticket = this.#tickets.get(operation);
    if (ticket) this.#tickets.delete(operation);
    if (!isLink(operation.kind)) {
      this.#links.dataSettled(operation.keys[0] ?? '', isDelivered);
      if (ticket?.attributes) this.#attributes?.settled(ticket.attributes, isDelivered);
      return;
    }
    this.#attributes?.linkSettled(operation.keys);
    if (ticket?.link && operation.kind === 'alias') ticket.link.gives = isDelivered;
    else if (ticket?.link) this.#links.settled(ticket.link, isDelivered);
    else if (operation.kind === 'merge' && isDelivered) this.#mergedUsers(operation);
  }

  #mergedUsers(operation: Operation): void {
    const merge = userMergeOf(operation);
    if (merge) this.#links.merged(merge.goneKey, merge.keptKey);
  }

  flush(): void {
    this.#links.flush();
    this.#attributes?.flush();
  }

  close(): void {
    this.flush();
    this.#onClose();
  }
}

interface Linked {
  readonly ticket: LinkTicket | undefined;
}

interface Recall {
  readonly sent: Operation | undefined;
  readonly leftOutAttributes?: number;
}

function nothingLeft(leftOut: readonly Operation[]): Filtered {
  return leftOut.some(({ kind }) => kind === 'attributes')
    ? filtered('unchanged_attributes', 'Braze has all of these attributes already')
    : filtered('already_linked', 'Braze has linked these two already');
}

function warningOf(decision: 'without_effect' | 'shared', { label }: AliasLink): Warning {
  if (decision === 'shared') {
    const message = `several users were linked with this alias (${label}): linkCall: auto does not merge it, so Braze may combine nothing`;
    return { code: 'link_of_shared_alias', message, path: 'anonymousId' };
  }
  const message = `Braze combines nothing: the user has another alias of the label ${label}; linkCall: auto would merge this one`;
  return { code: 'link_without_effect', message, path: 'anonymousId' };
}
