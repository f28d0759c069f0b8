/**
 * Has what nobody needs any more deleted from the own topics of this process's targets, now and then. It holds up no
 * delivery, and no failure of it is one: it is told, and tried again when its time has come.
 *
 * A target is swept in the partitions whose number the process owns a source partition of. That shares the work out; it
 * makes no sweep right or wrong.
 */
import type { Clock, PartitionId, Telemetry } from "@millrace/engine";
import type { Deletion, SweepEnd, SweepListener, SweepWish } from "@millrace/jobs";

/**
 * Between two sweeps of a target, ms, or as long as records are kept if that is less: they are kept for a day by default, so
 * that minutes more are nothing, and one that finds nothing to do costs the brokers a few requests.
 */
const INTERVAL_MS = 600_000;
/** Until a sweep is gone on with that had more to read than one may. */
const MORE_MS = 1_000;

/** A target as far as its own topics are swept. */
export interface RetainedTarget {
  readonly name: string;
  /** How long a record is kept in any case, ms; at least 1. */
  readonly keepMs: number;
  /** Partitions that this process owns, of whatever topic, by number. */
  readonly partitions: () => ReadonlySet<PartitionId>;
  readonly sweep: (wish: SweepWish, listener: SweepListener) => Promise<SweepEnd>;
}

/** What it works with. */
export interface RetentionPorts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** See the head of this file. */
export class AsideRetention {
  readonly #ports: RetentionPorts;
  readonly #deleted: ReturnType<Telemetry["counter"]>;
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Targets whose last sweep failed. */
  readonly #failing = new Set<string>();
  /** Records that hold a sweep up, by partition. */
  readonly #unreadable = new Map<string, number>();

  /** Begins with the first sweeps when their time has come. */
  constructor(targets: readonly RetainedTarget[], ports: RetentionPorts) {
    this.#ports = ports;
    this.#deleted = ports.telemetry.counter(
      "millrace.aside.deleted",
      "dead letters and parked events deleted",
    );
    for (const target of targets) this.#wait(target, intervalOf(target));
  }

  /** Ends what runs, where it is; resolves when it has. Nothing is begun any more. Idempotent. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#running);
  }

  #wait(target: RetainedTarget, delayMs: number): void {
    const { signal } = this.#ending;
    if (signal.aborted) return;
    const cancel = this.#ports.clock.schedule(delayMs, () => {
      signal.removeEventListener("abort", cancel);
      const run = this.#run(target).finally(() => this.#running.delete(run));
      this.#running.add(run);
    });
    signal.addEventListener("abort", cancel);
  }

  async #run(target: RetainedTarget): Promise<void> {
    const end = await this.#sweep(target);
    this.#wait(target, end === "more" ? MORE_MS : intervalOf(target));
  }

  async #sweep(target: RetainedTarget): Promise<SweepEnd> {
    const partitions = target.partitions();
    if (partitions.size === 0) return "done";
    const { signal } = this.#ending;
    const keptFromMs = this.#ports.clock.wallNow() - target.keepMs;
    try {
      const wish = { partitions, keptFromMs, signal };
      const end = await target.sweep(wish, {
        deleted: (deletion) => this.#note(target, deletion),
        unreadable: (place) => this.#noteUnreadable(target, place),
      });
      this.#failing.delete(target.name);
      return end;
    } catch (error) {
      this.#complain(target, error);
      return "done";
    }
  }

  #note({ name: target }: RetainedTarget, { topic, partition, from, to }: Deletion): void {
    this.#deleted.add(to - from, { target, topic });
    this.#ports.telemetry.log("info", "deleted what nobody needs any more", {
      ...{ target, topic, partition, from, to, count: to - from },
    });
  }

  /** Once for each record. */
  #noteUnreadable(
    { name: target }: RetainedTarget,
    { topic, partition, offset }: Parameters<SweepListener["unreadable"]>[0],
  ): void {
    const place = `${topic}/${partition}`;
    if (this.#unreadable.get(place) === offset) return;
    this.#unreadable.set(place, offset);
    const message =
      "no dead letter or parked event that this version can read: it is kept, and all behind it";
    this.#ports.telemetry.log("warn", message, { target, topic, partition, offset });
  }

  /** Once, until one succeeds: missing rights stay missing. */
  #complain({ name: target }: RetainedTarget, error: unknown): void {
    if (this.#ending.signal.aborted || this.#failing.has(target)) return;
    this.#failing.add(target);
    const message =
      "own topics keep what nobody needs any more: it cannot be deleted, which is tried again";
    this.#ports.telemetry.log("warn", message, { target, error });
  }
}

function intervalOf({ keepMs }: RetainedTarget): number {
  return Math.min(INTERVAL_MS, keepMs);
}
