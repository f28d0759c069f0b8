/** What is measured: a program that delivers the events of a topic to a URL. */

/** A run's work. */
export interface Work {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  /** Nobody else's, and new. */
  readonly group: string;
  readonly url: string;
  readonly inFlight: number;
  readonly schemaFile: string;
  readonly catalogPath: string;
  readonly eventCount: number;
  readonly keyCount: number;
  readonly partitionCount: number;
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
  start(work: Work): Promise<RunningSubject>;
}
