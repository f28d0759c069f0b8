import { assert } from "../../errors.ts";
import type { ReplayNote } from "../../core/aside/progress.ts";
import type { TargetId } from "../../core/lanes/identity.ts";
import type { Replay } from "../../core/replay/replay.ts";
import type { PreparedEvent } from "../../ports.ts";
import type { EpochFence } from "../aside/epoch-fence.ts";
import { Trail } from "../aside/trail.ts";
import type { DriverPorts } from "../options.ts";
import { replayKey, replayValue } from "./replay-entry.ts";

type Note = ReplayNote<PreparedEvent>;

/** Writes how far a target's replays have come. Each entry is read back before it counts (I31). */
export class ReplayWriter {
  readonly #target: TargetId;
  readonly #stateLog: DriverPorts["stateLog"];
  readonly #fence: EpochFence;
  #writeCount = 0;
  readonly #trails = new WeakMap<Replay<PreparedEvent>, Trail>();

  constructor(
    target: TargetId,
    ports: { readonly stateLog: DriverPorts["stateLog"]; readonly fence: EpochFence },
  ) {
    this.#target = target;
    this.#stateLog = ports.stateLog;
    this.#fence = ports.fence;
  }

  /**
   * Resolves when all of it is acknowledged and holds.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  async write(notes: readonly Note[]): Promise<void> {
    const entries = notes.map((note) => this.#entry(note));
    const replaced = entries.flatMap(({ trail }) => trail.replaced);
    for (const { trail, key } of entries) trail.begin(key);
    const offsets = await this.#stateLog.append([
      ...entries.map(({ key, value }) => ({ key, value })),
      ...replaced.map((key) => ({ key, value: null })),
    ]);
    const fenced: Note[] = [];
    for (const [index, { note, epoch, key, trail }] of entries.entries()) {
      const at = offsets[index];
      assert(at !== undefined, "I31: a replay's step was acknowledged without its offset");
      trail.forget(replaced);
      if (!(await this.#fence.holds(note.replay.partition, { epoch, at }))) fenced.push(note);
      else {
        trail.keep(key);
        if (note.step.end !== null) this.#forget(trail);
      }
    }
    if (fenced.length > 0) await this.write(fenced);
  }

  /** After the last step nothing is written that could take these along; what is left here, the next owner deletes. */
  #forget({ replaced }: Trail): void {
    const tombstones = replaced.map((key) => ({ key, value: null }));
    if (tombstones.length > 0) this.#stateLog.append(tombstones).catch(() => undefined);
  }

  #entry(note: Note) {
    const { partition, plan } = note.replay;
    const epoch = this.#fence.epochOf(partition);
    this.#writeCount += 1;
    const name = { epoch, job: plan.job, write: this.#writeCount };
    const key = replayKey(this.#target, partition, name);
    let trail = this.#trails.get(note.replay);
    if (trail === undefined) {
      trail = new Trail();
      this.#trails.set(note.replay, trail);
    }
    return { note, epoch, key, trail, value: replayValue(plan, note.step) };
  }
}
