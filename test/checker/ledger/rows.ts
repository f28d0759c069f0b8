/**
 * The rows of the ledger. Numbers only, small ones where possible, so that a million events stay below a gigabyte:
 * names are interned, long texts are fingerprints, `order` is the place of a line in the history, `at` is in whole ms
 * since the run began. `NONE` stands for what a row does not have.
 */
import type {
  AttemptLine,
  GivenUpLine,
  OperationLine,
  SettleLine,
  TargetTerms,
} from "../history.ts";
import type { Emission } from "./emissions.ts";
import type { Coverage } from "../done-set.ts";
import { OffsetTable } from "./offset-table.ts";

/** No such number. */
export const NONE = -1;

/** Later than all. */
export const NEVER = 0x7fffffff;

/** A partition of a source topic. */
export class Stream {
  readonly topic: string;
  readonly partition: number;
  readonly records = new OffsetTable<SourceRecord>();
  /** One for each target that reads it, by the target's index. */
  readonly channels: Channel[] = [];
  /** What the log holds, ascending; after the last line. */
  logged: readonly SourceRecord[] = [];
  start = NONE;
  end = NONE;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }
}

/** A record of it. */
export class SourceRecord {
  readonly stream: Stream;
  readonly offset: number;
  /** Interned; NONE for a null key. */
  key = NONE;
  /** Null where it has no identity. */
  event: Emission | null = null;
  sha = NONE;
  /** How many log lines tell of it; 0 where other parties do only. */
  logCount = 0;
  at = NONE;
  order = NONE;
  /** One for each target that reads it, in a chain. */
  firstDelivery: Delivery | null = null;

  constructor(stream: Stream, offset: number) {
    this.stream = stream;
    this.offset = offset;
  }

  /** What is told of it at a target. */
  deliveryAt({ target }: Channel): Delivery | null {
    let one = this.firstDelivery;
    while (one !== null && one.channel.target !== target) one = one.sibling;
    return one;
  }
}

/** A target. */
export interface Target {
  readonly index: number;
  readonly terms: TargetTerms;
  readonly channels: Channel[];
  /** Of all its channels, in the order they came. */
  readonly attempts: Attempt[];
  readonly arrivals: Arrival[];
  /** In the order they came. */
  readonly throttles: ThrottleWord[];
}

/** A process's word that it tells the others of the time that a target asked for, or was told of it. */
export interface ThrottleWord extends Stamp {
  readonly ev: "tell" | "told";
  readonly process: number;
  readonly forMs: number;
}

/** Where a partition begins; `place`: where the entry stands in the state topic. */
export interface Beginning {
  readonly place: number;
  readonly offset: number;
}

/** A stream as one target reads it. */
export class Channel {
  readonly target: Target;
  readonly stream: Stream;
  /** Below it nothing is promised: where the target began to read. NEVER until it is known. */
  floor = NEVER;
  /** Where owners wrote that it begins, of a target that starts at the latest; none that an overtaken one wrote. */
  readonly beginnings: Beginning[] = [];
  readonly deliveries: Delivery[] = [];
  /** In the order they came. */
  readonly attempts: Attempt[] = [];
  readonly arrivals: Arrival[] = [];
  readonly givenUps: GivenUp[] = [];
  /** By members, in the order they were asked for. */
  readonly commits: Commit[] = [];
  /** As the broker applied them. */
  readonly seen: Commit[] = [];
  readonly epochs: Epoch[] = [];
  /** Epochs that began when a later generation had an owner already: someone came late, and owns nothing. */
  readonly lateEpochs = new Set<number>();
  /** Keys that an owner set aside at any time. */
  readonly setAsideKeys = new Set<number>();
  /** In the order they came; none that an overtaken owner wrote. */
  readonly markers: MarkerRow[] = [];
  /** How far keys that were set aside have gone on, as the state topic tells. */
  readonly progress: Progress[] = [];
  /** How far replays came, and who claimed the partition: offsets of the state topic, ascending. */
  readonly replaySteps: ReplayStepRow[] = [];
  readonly claims: number[] = [];
  readonly operations: Operation[] = [];

  constructor(target: Target, stream: Stream) {
    this.target = target;
    this.stream = stream;
  }
}

/** What ought to become of a record at a target. */
export type Expected = "unknown" | "deliver" | "filtered" | "undeliverable";

/** A record at a target. */
export class Delivery {
  readonly channel: Channel;
  readonly record: SourceRecord;
  expected: Expected = "unknown";
  body = NONE;
  otherBodies: readonly number[] | null = null;
  firstAttempt: Attempt | null = null;
  firstArrival: Arrival | null = null;
  firstGivenUp: GivenUp | null = null;
  firstSettle: Settle | null = null;
  /** Since when a commit may rely on its end, by what its senders knew; NEVER where it may not. */
  settledOrder = NEVER;
  /** Since when it is over by the word of the target and of the log; NEVER where it is not. */
  endedOrder = NEVER;
  /** Of the earlier events of its lane the one that settles last; null for the first and for unordered ones. */
  gate: Delivery | null = null;
  /** At the next target that reads the record. */
  sibling: Delivery | null = null;

  constructor(channel: Channel, record: SourceRecord) {
    this.channel = channel;
    this.record = record;
  }

  get offset(): number {
    return this.record.offset;
  }
}

/** A sender's attempt. */
export class Attempt {
  readonly delivery: Delivery;
  readonly process: number;
  readonly epoch: number;
  readonly number: number;
  readonly job: number;
  /** Fingerprint of the Idempotency-Key. */
  readonly keyPrint: number;
  readonly sendAt: number;
  readonly sendOrder: number;
  endAt = NEVER;
  /** NEVER while it is open. */
  endOrder = NEVER;
  outcome: AttemptLine["outcome"] = undefined;
  status = NONE;
  isAmbiguous = false;
  next: Attempt | null = null;

  constructor(delivery: Delivery, line: AttemptLine, stamp: Stamp & AttemptNames) {
    this.delivery = delivery;
    this.process = stamp.process;
    this.epoch = line.epoch;
    this.number = line.number;
    this.job = stamp.job;
    this.keyPrint = stamp.keyPrint;
    this.sendAt = stamp.at;
    this.sendOrder = stamp.order;
  }
}

/** When a line tells of. */
export interface Stamp {
  readonly at: number;
  readonly order: number;
}

interface AttemptNames {
  readonly process: number;
  readonly job: number;
  readonly keyPrint: number;
}

/** A request at a target. */
export class Arrival {
  readonly delivery: Delivery;
  /** The target's number of it. */
  readonly id: number;
  readonly at: number;
  readonly order: number;
  readonly job: number;
  readonly process: number;
  /** Fingerprint of the Idempotency-Key. */
  readonly keyPrint: number;
  readonly body: number;
  readonly isSigned: boolean;
  status = NONE;
  answerAt = NEVER;
  answerOrder = NEVER;
  retryAfterMs = NONE;
  isWhole = false;
  isBroken = false;
  next: Arrival | null = null;

  constructor(delivery: Delivery, fields: ArrivalFields) {
    this.delivery = delivery;
    this.id = fields.id;
    this.at = fields.at;
    this.order = fields.order;
    this.job = fields.job;
    this.process = fields.process;
    this.keyPrint = fields.keyPrint;
    this.body = fields.body;
    this.isSigned = fields.isSigned;
  }

  /** Whether the target took it and its answer left whole. */
  get isAccepted(): boolean {
    return this.isWhole && !this.isBroken && isAccepting(this.delivery.channel.target, this.status);
  }
}

/** What an arrival is made of. */
export interface ArrivalFields extends Stamp {
  readonly id: number;
  readonly job: number;
  readonly process: number;
  readonly keyPrint: number;
  readonly body: number;
  readonly isSigned: boolean;
}

/** Whether a status says that an event was delivered. */
export function isAccepting({ terms }: Target, status: number): boolean {
  if (status >= 200 && status < 300) return true;
  return terms.acceptedStatuses?.includes(status) === true;
}

/** A dead letter or parked event. */
export interface GivenUp extends Stamp {
  readonly delivery: Delivery;
  readonly kind: "dlq" | "park";
  readonly epoch: number;
  readonly reason: string;
  readonly key: number;
  readonly sha: number;
  /** Absent: the whole event. */
  readonly fits: GivenUpLine["fits"];
  readonly isLeftOpen: GivenUpLine["isLeftOpen"];
  readonly attemptCount: number;
  readonly next: GivenUp | null;
}

/** A deliverer's word that a delivery settled. */
export interface Settle extends Stamp {
  readonly process: number;
  readonly epoch: number;
  readonly outcome: SettleLine["outcome"];
  readonly next: Settle | null;
}

/** A commit. */
export interface Commit {
  readonly id: number | null;
  readonly offset: number;
  readonly metadata: string;
  readonly process: number;
  readonly epoch: number;
  readonly generation: number;
  readonly sendAt: number;
  readonly sendOrder: number;
  result: "open" | "ok" | "fail";
  endOrder: number;
}

/** One ownership of a channel. */
export interface Epoch {
  readonly number: number;
  readonly process: number;
  /** NONE where nobody told. */
  readonly generation: number;
  readonly startAt: number;
  readonly startOrder: number;
  /** NEVER where nothing in the history ends it. */
  endOrder: number;
  endAt: number;
  end: "open" | "revoked" | "fenced" | "lost";
}

/** A marker: a key is set aside from an event on, or free again up to there. Counts are 0 but behind a dead letter. */
export interface MarkerRow extends Stamp {
  readonly epoch: number;
  readonly offset: number;
  /** Redrives before it. */
  readonly redriveCount: number;
  /** What the next redrive's Idempotency-Key counts; 0: it is the event's own. */
  readonly keyCount: number;
}

/** A key that was set aside has gone on: what it had parked below `next` is over. */
export interface Progress extends Stamp {
  readonly epoch: number;
  /** Where the entry stands in the state topic. */
  readonly place: number;
  readonly key: number;
  readonly next: number;
}

/** How far a replay had come, by an entry of the state topic. */
export interface ReplayStepRow {
  readonly job: number;
  readonly epoch: number;
  /** Where the entry stands in the state topic. */
  readonly place: number;
  /** What had ended. */
  readonly coverage: Coverage;
}

/** Something that was done. */
export interface Operation extends Stamp {
  readonly line: OperationLine;
}
