import type { ReplayNote } from "../../core/aside/progress.ts";
import type { TargetId } from "../../core/lanes/identity.ts";
import type { PreparedEvent } from "../../ports.ts";
import { TrailWriter, type TrailStep, type TrailWriterPorts } from "../aside/trail-writer.ts";
import { replayKey, replayValue } from "./replay-entry.ts";

type Note = ReplayNote<PreparedEvent>;

/** Writes how far a target's replays have come. */
export class ReplayWriter {
  readonly #target: TargetId;
  readonly #trails: TrailWriter;

  constructor(target: TargetId, ports: TrailWriterPorts) {
    this.#target = target;
    this.#trails = new TrailWriter(ports);
  }

  /**
   * Resolves when all of it is acknowledged and holds.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  write(notes: readonly Note[]): Promise<void> {
    return this.#trails.write(notes.map((note) => this.#stepOf(note)));
  }

  #stepOf({ replay, step }: Note): TrailStep {
    const { partition, plan } = replay;
    const { job } = plan;
    return {
      ...{ partition, of: replay, isLast: step.end !== null, value: replayValue(plan, step) },
      keyOf: (name) => replayKey(this.#target, partition, { job, ...name }),
    };
  }
}
