import type { Subject } from "./subjects/subject.ts";
import type { BenchTarget } from "./target/target.ts";
import type { BenchServers } from "./workload/emission.ts";

/** What everything is measured with. */
export interface Bench {
  readonly servers: BenchServers;
  readonly target: BenchTarget;
  /** Besides the ceiling and ours. */
  readonly peers: readonly Subject[];
  /** `test/bench/go/load`, built. */
  readonly loadProgram: string;
  /** Runs of each subject in each case of a family; parts of its one run in a cell. */
  readonly runCount: number;
  /** For files; goes with the run. */
  readonly folder: string;
  readonly onProgress: (message: string) => void;
}
