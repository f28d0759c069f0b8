import type { EngineConfig } from "../core/config.ts";
import type { DiscardRequest, RedriveRequest } from "../core/aside/redrive.ts";
import type { Pauser } from "../core/guards/pause.ts";
import type { TargetId, Topic } from "../core/lanes/identity.ts";
import type {
  AttemptSender,
  Clock,
  Entropy,
  EventPreparer,
  JournalBodies,
  ParkedLog,
  RecordSink,
  RecordSource,
  ReplayLog,
  StartPosition,
  StateLog,
  Telemetry,
} from "../ports.ts";

/** Pause before a port call that failed for a while is made again, ms. */
export const PORT_RETRY_MS = 500;

/** What a target's driver is told. */
export interface DriverOptions {
  readonly target: TargetId;
  /** Consumer group of the target, as telemetry names it: `<ns>.<target>`. */
  readonly groupId: string;
  readonly engine: EngineConfig;
  readonly startAt: StartPosition;
  /** Where given-up deliveries are written: `<ns>.<target>.dead`. */
  readonly deadTopic: Topic;
  /** Where later events of a quarantined key wait: `<ns>.<target>.parked`. */
  readonly parkedTopic: Topic;
  /** Where the journal is written: `<ns>.deliveries`. */
  readonly journalTopic: Topic;
  /** Of the filter and the mapping in force. */
  readonly mappingRevision: string;
  /** Names this process in claims and logs, unique per start. */
  readonly processId: string;
}

/** How a wait ended: its dead letter was delivered or dropped, whatever came of what was parked behind it, or is one again. */
export type RedriveEnd = "delivered" | "dropped" | "given-up";

/** The same; `elsewhere`: the key went on under an earlier owner, who alone knew how. */
export type DiscardEnd = RedriveEnd | "elsewhere";

/** That a target asked a process for time, as it tells the others. Times are epoch ms of its own clock. */
export interface ThrottleNotice {
  /** The process, as claims name it. */
  readonly by: string;
  /** When it said so. */
  readonly at: number;
  /** Until when the target is to be left alone. */
  readonly until: number;
}

/** Who runs a target's driver, and hears of what concerns more than the target in this process. */
export interface DriverOwner {
  /** The driver can never go on; the process should end. Called once. */
  failed(error: Error): void;
  /** A pause stands that did not before, whoever made it: a guard's concerns every process of the target. */
  paused(by: Pauser, reason: string): void;
  /** The target asked this process for time, and every process of it is meant. At most one a second; a later one replaces it. */
  throttled(notice: ThrottleNotice): void;
  /** What someone wanted redriven has ended, here or under an earlier owner; nobody need want it any more. */
  redriven(request: RedriveRequest, end: RedriveEnd): void;
  /** The same of what someone wanted discarded. */
  discarded(request: DiscardRequest, end: DiscardEnd): void;
}

/** What a target's driver works with. */
export interface DriverPorts {
  readonly source: RecordSource;
  readonly sink: RecordSink;
  /** For the journal alone, so that nothing else waits behind its pages. */
  readonly journalSink: RecordSink;
  /**
   * The registry's id of the journal's schema, once it is known. Nothing waits for it: what the journal has no room for
   * meanwhile is dropped and counted. Never rejects; may stay open for ever.
   */
  readonly journalSchemaId: Promise<number>;
  /** Which bodies of attempts the journal shows; absent: none. */
  readonly journalBodies?: JournalBodies;
  readonly stateLog: StateLog;
  readonly parkedLog: ParkedLog;
  readonly replayLog: ReplayLog;
  readonly sender: AttemptSender;
  readonly preparer: EventPreparer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly telemetry: Telemetry;
}
