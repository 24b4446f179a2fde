/** What a sandbox can be told, and what it is when it is told nothing. */
import type { MauPlan } from './rate-windows.ts';
import type { Packing } from './track-rules.ts';
import type { WorkspaceOptions } from './workspace.ts';

export interface SandboxOptions extends WorkspaceOptions {
  /** Default 0: a free one. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** The one good key; without it any key that is not empty is good. */
  readonly apiKey?: string | undefined;
  /** Keys of another instance, which Braze knows as little as wrong ones. Default none. */
  readonly foreignKeys?: readonly string[] | undefined;
  /** File to which every Braze request is appended as a line of JSON. */
  readonly recordFile?: string | undefined;
  /** How many of the last requests `requests()` shows. Default 1,000; 0 keeps none. */
  readonly keep?: number | undefined;
  /** Wait before every reply. Default 0. */
  readonly latencyMs?: number | undefined;
  /** From accepting a request to its effect on the profiles. Default 0: at once. */
  readonly applyDelayMs?: number | undefined;
  /** The same for identify, alias and merge alone, which then may overtake track requests. Default: in line with the others. */
  readonly linkApplyDelayMs?: number | undefined;
  /** Requests per window of 3 s, for each class of endpoints. Default: Braze's limits. */
  readonly rateLimit?: number | undefined;
  /** The rate limit of `/users/track` on a plan by monthly active users. Default: the base plan. */
  readonly mau?: MauPlan | undefined;
  /** Of the dice of faults with a probability. Default 1. */
  readonly seed?: number | undefined;
  /** Idle connections are closed after this. Default 60 s. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** What the key may do, e.g. `users.track`; without it everything. */
  readonly permissions?: readonly string[] | undefined;
  /** How the 75 objects of a track request are counted. Default `combined`. */
  readonly packing?: Packing | undefined;
  /** False: requests are judged and answered, nothing is applied; for load tests. Default true. */
  readonly profiles?: boolean | undefined;
  /** ms since the epoch; for rate windows, event times and the request log. */
  readonly now?: (() => number) | undefined;
}
