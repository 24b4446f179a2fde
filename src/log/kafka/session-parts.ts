/** What a group's session is made of: which group reads what, for whom, and how messages become records. */
import type { LogRecord } from '../../model/record.ts';
import type { Member } from '../log.ts';
import type { KafkaClient } from './client.ts';
import type { RawMessage } from './record-codec.ts';
import type { KafkaSigns, PartitionPlace } from './signs.ts';
import type { TopicMark } from './topic-marks.ts';

/** A partition that is about to be read. */
export interface DealtPlace extends PartitionPlace {
  /** Where reading begins. */
  readonly from: number;
  /** Which topic it is; null: the brokers do not say. */
  readonly mark: TopicMark | null;
}

export interface SessionParts {
  readonly client: KafkaClient;
  readonly groupId: string;
  /** A pattern is matched with the topics that exist, every half minute. */
  readonly topics: readonly (string | RegExp)[];
  readonly member: Member;
  decode(message: RawMessage, place: PartitionPlace): LogRecord;
  /**
   * Before `assign`: what must be known to read these partitions. When it rejects it is tried again until `lost` fires,
   * with the places as they are by then.
   */
  prepare(places: readonly DealtPlace[], lost: AbortSignal): Promise<void>;
  /** Rises while `prepare` gets on. Default: it does not say. */
  prepared?(): number;
  readonly signs: KafkaSigns;
  /** The group as the signs name it. */
  readonly group: string;
  readonly revokeMs: number;
  /** Whoever is not heard of for so long has lost its partitions. Default: 45 s. */
  readonly sessionTimeoutMs?: number;
  now(): number;
  onFatal(error: Error): void;
  onWarning(message: string): void;
  /** With something to read and no progress for so long, it is fatal. Default: 2 minutes. */
  readonly stuckMs?: number;
  /** New partitions, and topics that were made anew, are found within it. Default: 30 s. */
  readonly metadataMs?: number;
}
