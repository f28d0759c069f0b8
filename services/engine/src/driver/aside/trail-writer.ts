import type { Epoch } from "../../core/lanes/identity.ts";
import { assert } from "../../errors.ts";
import type { DriverPorts } from "../options.ts";
import type { EpochFence, OwnPartition } from "./epoch-fence.ts";
import { Trail } from "./trail.ts";

/** How far one detour or replay has come, to be written. */
export interface TrailStep {
  readonly partition: OwnPartition;
  /** Whose trail it is: the same object for all of its steps. */
  readonly of: object;
  /** Whether no other step follows. */
  readonly isLast: boolean;
  readonly value: unknown;
  /** The entry's key, for the epoch that it is written under and the number of the write. */
  readonly keyOf: (name: { readonly epoch: Epoch; readonly write: number }) => string;
}

/** What a writer works with. */
export interface TrailWriterPorts {
  readonly stateLog: DriverPorts["stateLog"];
  readonly fence: EpochFence;
}

/** Writes steps, each read back before it counts (I31), and deletes those that later ones have replaced. */
export class TrailWriter {
  readonly #ports: TrailWriterPorts;
  readonly #trails = new WeakMap<object, Trail>();
  #writeCount = 0;

  constructor({ stateLog, fence }: TrailWriterPorts) {
    this.#ports = { stateLog, fence };
  }

  /**
   * Resolves when all of it is acknowledged and holds.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  async write(steps: readonly TrailStep[]): Promise<void> {
    const { fence, stateLog } = this.#ports;
    const entries = steps.map((step) => this.#entry(step));
    // What the last one that holds has replaced goes with the next; never the last itself.
    const replaced = entries.flatMap(({ trail }) => trail.replaced);
    for (const { trail, key } of entries) trail.begin(key);
    const offsets = await stateLog.append([
      ...entries.map(({ key, step: { value } }) => ({ key, value })),
      ...replaced.map((key) => ({ key, value: null })),
    ]);
    for (const { trail } of entries) trail.forget(replaced);
    const fenced: TrailStep[] = [];
    for (const [index, { step, epoch, key, trail }] of entries.entries()) {
      const at = offsets[index];
      assert(at !== undefined, "I31: a step was acknowledged without its offset");
      if (!(await fence.holds(step.partition, { epoch, at }))) {
        fenced.push(step);
        continue;
      }
      trail.keep(key);
      if (step.isLast) this.#clear(trail);
    }
    if (fenced.length > 0) await this.write(fenced);
  }

  #entry(step: TrailStep) {
    const epoch = this.#ports.fence.epochOf(step.partition);
    this.#writeCount += 1;
    const key = step.keyOf({ epoch, write: this.#writeCount });
    return { step, epoch, key, trail: this.#trailOf(step.of) };
  }

  #trailOf(owner: object): Trail {
    let trail = this.#trails.get(owner);
    if (trail === undefined) {
      trail = new Trail();
      this.#trails.set(owner, trail);
    }
    return trail;
  }

  /** After the last step nothing is written that could take these along; what is left here, the next owner deletes. */
  #clear({ replaced }: Trail): void {
    const tombstones = replaced.map((key) => ({ key, value: null }));
    if (tombstones.length > 0) this.#ports.stateLog.append(tombstones).catch(() => undefined);
  }
}
