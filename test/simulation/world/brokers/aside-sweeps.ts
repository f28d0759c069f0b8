/**
 * The own topics of a world's targets lose what is closed, as soon as it is: processes that own nothing, and know nothing of each
 * other, look at them one after the other, each slowly, so that anything may happen between two of its looks.
 */
import {
  asPartition,
  asTarget,
  ClosedPrefix,
  decodeDoneSet,
  listSetAside,
  type AsideKind,
  type AsideKnowledge,
  type Offset,
  type SourceRecord,
  type StateEntry,
  type Topic,
} from "@millrace/engine";
import type { MemoryLog } from "../../../support/memory-kafka/memory-log.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Draws } from "../plan/draws.ts";
import { STATE_TOPIC, type TargetWorld } from "../processes/deliverer.ts";
import type { Cluster } from "./cluster.ts";

/** Between the beginnings of two sweeps of a target, ms: shorter than one may take. */
const INTERVAL_MS = 1_500;
/** The longest that a sweep takes between two of its looks, ms. */
const STEP_MS_MAX = 1_500;

/** What is swept. */
export interface AsideSweepPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly cluster: Cluster;
  readonly targets: readonly TargetWorld[];
}

/** A partition of an own topic, and its end when a sweep began. */
interface Part {
  readonly kind: AsideKind;
  readonly log: MemoryLog;
  readonly end: Offset;
}

/** See the head of this file. */
export class AsideSweeps {
  readonly #ports: AsideSweepPorts;
  readonly #deleted: SourceRecord[] = [];
  /** The state topic as it is read so far. */
  readonly #state = new Map<string, StateEntry>();
  #stateReadTo = 0;

  constructor(ports: AsideSweepPorts) {
    this.#ports = ports;
  }

  /** What they took: whoever reads own topics to the end was there before. */
  get deleted(): readonly SourceRecord[] {
    return this.#deleted;
  }

  /** Begins, and goes on to the end of the run. */
  start(): void {
    for (const target of this.#ports.targets) this.#every(target);
  }

  #every(target: TargetWorld): void {
    this.#ports.queue.after(INTERVAL_MS, () => {
      if (this.#ports.cluster.isUp) this.#sweep(target);
      this.#every(target);
    });
  }

  #sweep(target: TargetWorld): void {
    const parts = [
      ...this.#parts("dead", target.deadTopic),
      ...this.#parts("parked", target.parkedTopic),
    ];
    if (parts.length === 0) return;
    this.#later(() => {
      const isSettled = this.#commitsOf(target);
      this.#later(() => {
        const name = asTarget(target.api.plan.name);
        const setAside = listSetAside({ list: (prefix) => this.#list(prefix) }, name);
        const known = { setAside, isSettled, isResolved: () => false, keptFromMs: Infinity };
        const judge = new ClosedPrefix(known);
        for (const part of parts) this.#later(() => this.#delete(part, judge));
      });
    });
  }

  #later(task: () => void): void {
    this.#ports.queue.after(this.#ports.draws.between("sweep.step", 0, STEP_MS_MAX), task);
  }

  #parts(kind: AsideKind, topic: Topic): readonly Part[] {
    const logs = this.#ports.cluster.logs(topic).filter(({ records }) => records.length > 0);
    return logs.map((log) => ({ kind, log, end: log.endOffset }));
  }

  #commitsOf({ group }: TargetWorld): AsideKnowledge["isSettled"] {
    const committed = new Map(group.offsets);
    return ({ topic, partition, offset }) => {
      const commit = committed.get(`${topic}/${partition}`);
      if (commit === undefined) return false;
      const { endOffset } = this.#ports.cluster.log({ topic, partition });
      const done = decodeDoneSet(commit.metadata, commit.offset, endOffset);
      const isDone = done.some(({ from, to }) => from <= offset && offset < to);
      return offset < commit.offset || isDone;
    };
  }

  #list(prefix: string): readonly (readonly [string, StateEntry])[] {
    const { records } = this.#ports.cluster.log({ topic: STATE_TOPIC, partition: asPartition(0) });
    for (; this.#stateReadTo < records.length; this.#stateReadTo += 1) {
      const { key, value, offset } = records[this.#stateReadTo] ?? {};
      if (key === undefined || key === null || offset === undefined) continue;
      const name = Buffer.from(key).toString();
      if (value === null || value === undefined) this.#state.delete(name);
      else
        this.#state.set(name, {
          offset,
          value: JSON.parse(Buffer.from(value).toString()) as unknown,
        });
    }
    return [...this.#state].filter(([key]) => key.startsWith(prefix));
  }

  #delete({ kind, log, end }: Part, judge: ClosedPrefix): void {
    const read = log.records.filter(({ offset }) => offset < end);
    const kept = judge.firstKept(kind, read)?.offset ?? end;
    if (kept <= log.startOffset) return;
    this.#deleted.push(...read.filter(({ offset }) => offset < kept));
    log.truncate(kept);
  }
}
