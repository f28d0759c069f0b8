/** What is measured: a program that delivers the events of a topic to a URL. */
import type { PeerOptions } from "../peers/peer-options.ts";

/** A run's work: what every program is told, and what ours needs besides. The group is nobody else's, and new. */
export interface Work extends Omit<PeerOptions, "tuning"> {
  /** `millrace.yaml` with a target for each run. */
  readonly configPath: string;
  /** The run's target in it. */
  readonly targetName: string;
  readonly namespace: string;
  /** Files of the run. */
  readonly folder: string;
}

/** A subject at work. */
export interface RunningSubject {
  /** Processes whose costs count. */
  pids(): readonly number[];
  hasEnded(): boolean;
  /** The end of what it printed. */
  said(): string;
  /** Called when everything has arrived: ends it in order, and says what makes the run count for nothing. */
  finish(): Promise<readonly string[]>;
  /** Ends it at once. Idempotent. */
  kill(): Promise<void>;
}

/** A subject. */
export interface Subject {
  readonly name: string;
  /** Its settings, for the table. */
  settings(work: Pick<Work, "inFlight" | "partitionCount">): string;
  /** Whether order per key is promised: a run that breaks it is invalid. */
  readonly keepsOrder: boolean;
  /** Whether it is `millrace deliver`. */
  readonly isOurs: boolean;
  /** The same as it is tried otherwise. */
  readonly otherSettings: readonly Subject[];
  start(work: Work): Promise<RunningSubject>;
}
