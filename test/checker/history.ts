/**
 * The history of a run: what each party wrote down by itself, one JSON object a line. The checker knows nothing else.
 * The simulator and the chaos harness write the same lines, so that one checker judges both.
 *
 * Times are `at`: milliseconds of the run's one clock (simulated time; in chaos the wall clock of one machine, with
 * fractions). Lines of one party ascend in `at`; a reader merges parties. Offsets and epochs are numbers. A key is the
 * record key's bytes as latin1, null for none. `sha` is SHA-256 of the bytes named, hex.
 *
 * Lines with equal `at` happened in the order they stand in, so a simulation hands its lines over in the order it wrote
 * them. What is read after the run (`log`, `dlq`, `park`, `state`) may stand at the end with its earlier `at`: it counts
 * as first among its equals. A line is written at the moment it tells of: `attempt send` before the call, `attempt out`
 * when its answer is handed to the engine, `commit send` before the request, `commit ok` when the answer is handed over,
 * `commit seen` when the broker applied it.
 *
 * On disk a history is a folder of `*.jsonl`, `run.jsonl` with the run line and one file a party, each with a last line
 * that counts the others (history-file.ts).
 */

/** Coordinates of a record. */
export interface Coordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** First line of a history: what was run, and what the targets were told to keep. */
export interface RunLine {
  readonly h: "run";
  readonly run: string;
  readonly seed: number;
  readonly at: number;
  readonly kind: "simulation" | "chaos";
  readonly targets: readonly TargetTerms[];
  /** Topics and their partition counts. */
  readonly topics: Readonly<Record<string, number>>;
  /** Which parties wrote: an invariant that needs a missing one is reported as not judged, never as held. */
  readonly parties: readonly Party[];
  /** From `terminate` to `exit` at the most, ms (L3). */
  readonly graceMs: number;
  /** What open calls get of that, ms; left out where nobody says. */
  readonly stopBudgetMs?: number;
}

/** Who writes lines. `seen` are `commit` lines of the independent reader, `commit` those of the members. */
export type Party =
  | "emit"
  | "log"
  | "attempt"
  | "recv"
  | "commit"
  | "seen"
  | "settle"
  | "dlq"
  | "park"
  | "state"
  | "throttle"
  | "ops"
  | "measure";

/** What one target was promised. */
export interface TargetTerms {
  readonly target: string;
  readonly topics: readonly string[];
  /** Whether it owes what was there before it was. Default: from what it wrote down as its beginning. */
  readonly startAt?: "earliest" | "latest";
  readonly order: "key" | "partition" | "none";
  readonly onDeadLetter: "quarantine" | "block" | "skip";
  readonly concurrencyMax: number;
  /** Null: unlimited. */
  readonly rate: { readonly perSecond: number; readonly burst: number } | null;
  readonly maxAgeMs: number;
  readonly maxAttempts: number | null;
  readonly timeoutMs: number;
  /** Longest backoff before the second try of an event, ms; doubled with each failure. Not judged where it is not told. */
  readonly backoffBaseMs?: number;
  /** Longest backoff between two tries of a key, ms. */
  readonly backoffCapMs: number;
  readonly sessionTimeoutMs: number;
  /** Statuses that count as delivered besides 2xx (409 as `duplicate-ok`); default none. */
  readonly acceptedStatuses?: readonly number[];
}

/** An upstream's word. A timed-out emit is `info`: it may stand in the log or not. */
export interface EmitLine {
  readonly h: "emit";
  readonly at: number;
  readonly ev: "invoke" | "ok" | "fail" | "info";
  readonly producer: string;
  readonly id: string;
  readonly source: string;
  readonly topic: string;
  readonly key: string | null;
  /** Ascending per producer and key, from 0. */
  readonly sequence: number;
  /** Of the record's value. */
  readonly sha: string;
  /** With `ok`. */
  readonly partition?: number;
  readonly offset?: number;
}

/** A record of a source topic as an independent reader found it after the run, ascending per partition. */
export interface LogLine extends Coordinates {
  readonly h: "log";
  readonly id: string | null;
  readonly source: string | null;
  readonly key: string | null;
  readonly sha: string;
  /** Broker time, ms of the run's clock. */
  readonly at: number;
  /** Per target: what ought to become of it, by the run's own reckoning: golden body, filtered, or impossible. */
  readonly expect: Readonly<Record<string, Expectation>>;
}

/** What a target ought to get of a record. */
export type Expectation =
  | {
      readonly kind: "deliver";
      readonly bodySha: string;
      /** Bodies under the other mapping revisions of the run; default none. */
      readonly otherBodyShas?: readonly string[];
    }
  | { readonly kind: "filtered" }
  | { readonly kind: "undeliverable" };

/** Start and end of a partition of a source topic after the run; one for each partition of the run. */
export interface LogEndLine {
  readonly h: "log-end";
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** A sender's word: an attempt left, or ended. */
export interface AttemptLine extends Coordinates {
  readonly h: "attempt";
  readonly at: number;
  readonly ev: "send" | "out";
  readonly target: string;
  readonly process: string;
  readonly epoch: number;
  /** From 1 per delivery and epoch. */
  readonly number: number;
  readonly key: string | null;
  readonly idempotencyKey: string;
  /** Null: live traffic; else the job or the redriven marker it belongs to. */
  readonly job: string | null;
  /** With `out`. */
  readonly outcome?:
    | "delivered"
    | "retry"
    | "rejected"
    | "throttled"
    | "misconfigured"
    | "undeliverable"
    | "abandoned";
  readonly status?: number | null;
  readonly isAmbiguous?: boolean;
}

/**
 * A target's own log: one line when a request arrived whole, one when it was answered or broken off. `broken` says that
 * the sender cannot have the answer whole: the connection ended before, or (also after an `answer`) a proxy cut it.
 */
export interface ReceiveLine extends Coordinates {
  readonly h: "recv";
  readonly at: number;
  readonly ev: "arrive" | "answer" | "broken";
  readonly target: string;
  /** Of this arrival, unique per target; joins its lines. */
  readonly arrival: number;
  readonly idempotencyKey: string;
  readonly bodySha: string;
  readonly job: string | null;
  /** Whose request it was, where the run can tell (a port of its own for each process). */
  readonly process?: string;
  /** With `arrive`: whether the signature verifies with a secret that is active; absent where none is due. */
  readonly isSigned?: boolean;
  /** With `answer`: the status sent; `isWhole` false where it was cut short. */
  readonly status?: number;
  readonly retryAfterMs?: number | null;
  readonly isWhole?: boolean;
  /** Whether the target applied it (also for answers that never left). */
  readonly isApplied?: boolean;
}

/** A commit of a target's group: asked for and answered by a member, or `seen` in the group's log by an independent reader. */
export interface CommitLine extends Coordinates {
  readonly h: "commit";
  readonly at: number;
  readonly ev: "send" | "ok" | "fail" | "seen";
  readonly target: string;
  /** Joins `send` with its answer; null for `seen`. */
  readonly commit: number | null;
  readonly process: string | null;
  readonly metadata: string;
  readonly generation: number | null;
  readonly epoch: number | null;
}

/** A deliverer's word that a delivery settled. */
export interface SettleLine extends Coordinates {
  readonly h: "settle";
  readonly at: number;
  readonly target: string;
  readonly process: string;
  readonly epoch: number;
  readonly outcome: "delivered" | "skipped" | "dead-lettered" | "parked";
}

/** A record of a dead-letter (`dlq`) or parked (`park`) topic, as an independent reader found it: source coordinates first. */
export interface GivenUpLine extends Coordinates {
  readonly h: "dlq" | "park";
  /** Broker time of the write's acknowledgement. */
  readonly at: number;
  readonly target: string;
  readonly key: string | null;
  readonly reason: string;
  readonly sha: string;
  /** What of the event its own topic takes: all but its value, or no more than its key. Absent: the whole of it. */
  readonly fits?: "key-and-headers" | "key";
  readonly attempts: number;
  readonly epoch: number;
  /** Where it stands in its own topic. */
  readonly own: { readonly partition: number; readonly offset: number };
  /** With a dead letter that was deleted: its key goes on without it, and nobody has resolved it. */
  readonly isLeftOpen?: true;
}

/** An entry of the state topic, in log order. */
export interface StateLine {
  readonly h: "state";
  readonly at: number;
  readonly offset: number;
  readonly key: string;
  readonly value: unknown;
}

/**
 * A process's word for the time that a target asked for: it tells the other processes of it (`tell`), or was told by another
 * (`told`), also at its start of what stood then.
 */
export interface ThrottleLine {
  readonly h: "throttle";
  readonly at: number;
  readonly ev: "tell" | "told";
  readonly target: string;
  readonly process: string;
  /** From `at` on, ms; of `told` what is left by the process's own wall clock, and no more than was asked. 0 or less is over. */
  readonly forMs: number;
}

/** What was done to the run, or happened in it. */
export interface OperationLine {
  readonly h: "ops";
  readonly at: number;
  readonly f: Operation;
  /** Process, broker or target concerned. */
  readonly who: string;
  readonly target?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly epoch?: number;
  readonly generation?: number;
  readonly key?: string | null;
  /** Of `redrive`, `discard`, `replay` and `job-done`: the `job` that its calls carry. */
  readonly job?: string;
  /**
   * Of `replay`: from this offset on, below that one, with the same Idempotency-Keys or new ones. Of `discard`: the dead
   * letter, and from where on its key is delivered. Of `dropped`: the event.
   */
  readonly from?: number;
  readonly to?: number;
  readonly mode?: "repair" | "reprocess";
  readonly detail?: string;
}

/**
 * Faults and changes by name; `heal` ends all faults, `rest` is the moment the run was waited for. `exit` tells its code
 * in `detail`. `assigned` (process, target, topic, partition, epoch, generation) begins an epoch, when its offset was
 * read and before anything of it is sent; a partition that is continued in the next generation gets none. `revoked`
 * ends it after a drain, `fenced` without one. `held` and `released` (process, target; partition where it is only one)
 * are the engine's word that it waits. `breaker-reset` (process, target): the process has heard of a reset. `pause` and `resume` are of a whole target, or (job) of a replay. `resolved` (target, topic, partition, key): an operator ended a quarantine
 * without sending. `discard` (target, topic, partition, key, job): someone wants a key to go on without its dead letter, and without what it has parked below `to`;
 * `dropped` (process, target, topic, partition, epoch): an owner's word that nobody sends this event any more. `retention` (topic, partition): records were deleted, `detail` is the log's new first offset. `job-done` (target, job; of a replay its partition too): a redrive, discard or replay is through. Where the
 * owner says how a replay ended, `detail` is JSON: `end` (only `done` is through), `sent`, and by reason `skipped`, `failed`.
 */
export type Operation =
  | "start"
  | "ready"
  | "kill"
  | "stop"
  | "continue"
  | "terminate"
  | "exit"
  | "crash"
  | "assigned"
  | "revoked"
  | "fenced"
  | "drained"
  | "held"
  | "released"
  | "halted"
  | "broker-kill"
  | "broker-start"
  | "disk-full"
  | "registry-down"
  | "registry-up"
  | "network"
  | "rebalance"
  | "target-fault"
  | "target-heal"
  | "pause"
  | "resume"
  | "breaker-reset"
  | "config"
  | "redrive"
  | "discard"
  | "dropped"
  | "replay"
  | "job-done"
  | "resolved"
  | "retention"
  | "offset-gone"
  /** `topic`; `partition` is the first of them. */
  | "partitions-added"
  | "rewind"
  | "metadata-corrupted"
  | "heal"
  | "rest";

/** A figure that the run took of itself; what L4, L5 and S22 are judged by. */
export interface MeasureLine {
  readonly h: "measure";
  readonly at: number;
  /** p99 in ms of a class of deliveries, resident bytes, or how many there are. */
  readonly what: "p99-healthy-keys" | "p99-healthy-target" | "rss" | "sockets" | "timers" | "tap";
  /** Target or process. */
  readonly who: string;
  /** `clean` and `faulted` of the same run; `baseline` before load, `load` under it, `drained` after. */
  readonly phase: "clean" | "faulted" | "baseline" | "load" | "drained";
  readonly value: number;
  /** With `clean` and `faulted`: where the value lies, as far as its sample tells; without, it is exact. */
  readonly low?: number;
  readonly high?: number;
  /** With `clean` and `faulted`: the fault that both are of, where each fault has a clean run of its own. */
  readonly fault?: string;
  /** With `load` and `faulted`: what must not be exceeded, besides what the promise allows. */
  readonly limit?: number;
}

/** One line. */
export type HistoryLine =
  | RunLine
  | EmitLine
  | LogLine
  | LogEndLine
  | AttemptLine
  | ReceiveLine
  | CommitLine
  | SettleLine
  | GivenUpLine
  | StateLine
  | ThrottleLine
  | OperationLine
  | MeasureLine;
