/**
 * The redrives and discards of a world: people ask for keys that are set aside, every process hears of it, sooner or later,
 * those that start later too. A redriven call says nothing of its job, so here is also told which calls belong to which: those of
 * events that stand in a topic of dead letters or parked events, from the one on for which people asked.
 */
import { asOffset, asRecordKey, type TargetDriver, type TopicPartition } from "@millrace/engine";
import type { OperationLine } from "../../../checker/history.ts";
import type { Deliverer } from "../processes/deliverer.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { DiscardPlan } from "../plan/plan.ts";
import type { CallPlace } from "../targets/target-api.ts";

/** The longest a process takes to hear of a wish, ms. */
const HEARING_MS_MAX = 2_000;
/** Between two looks at redrives that are not over, and at lanes that stand, ms. */
const LOOK_MS = 500;

/** What a desk works with. */
export interface RedriveDeskPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  /** Running processes. */
  readonly deliverers: () => readonly Deliverer[];
  readonly write: (line: OperationLine) => void;
  /** The lane of an event at a target; null where nothing orders it. */
  readonly laneOf: (target: string, place: CallPlace) => string | null;
}

/** A key that is set aside, as its owner knows it. */
interface SetAside {
  readonly deliverer: Deliverer;
  readonly target: string;
  readonly partition: TopicPartition;
  readonly epoch: number;
  readonly lane: string;
  readonly offset: number;
  readonly redriveCount: number;
  /** Of the owner that gave the event up. */
  readonly firstEpoch: number;
  readonly isBlocked: boolean;
  /** No more of it may be parked. */
  readonly isFull: boolean;
}

interface Redrive extends SetAside {
  readonly job: string;
  /** Of a discard: from here on the key is delivered. */
  readonly below: number | null;
  isOver: boolean;
}

/** See the head of this file. */
export class RedriveDesk {
  readonly #ports: RedriveDeskPorts;
  readonly #redrives: Redrive[] = [];
  readonly #byLane = new Map<string, Redrive[]>();
  /** Events that stand in a topic of dead letters or parked events. */
  readonly #givenUp = new Set<string>();
  /** The last of them of each lane. */
  readonly #lastGivenUp = new Map<string, number>();

  constructor(ports: RedriveDeskPorts) {
    this.#ports = ports;
  }

  /** Whether no redrive is under way, but for those of partitions that stand for want of records. */
  get isOver(): boolean {
    return this.#redrives.every((redrive) => redrive.isOver || this.#isHalted(redrive));
  }

  /** An event stands in a topic of dead letters or parked events. */
  noteGivenUp(target: string, place: CallPlace): void {
    this.#givenUp.add(nameOf(target, place));
    const lane = this.#ports.laneOf(target, place);
    if (lane === null) return;
    const name = laneName(target, place, lane);
    this.#lastGivenUp.set(name, Math.max(place.offset, this.#lastGivenUp.get(name) ?? 0));
  }

  /**
   * Someone asks for a key of a target, of those that are set aside behind a dead letter at that moment; whoever asks for
   * the same dead letter again asks for the same redrive.
   * @param discard what is not to be delivered: its dead letter, or also all that is parked by then; null: a redrive.
   * @returns whose key it is; null where there is none.
   */
  ask(target: string, pick: number, discard: DiscardPlan | null = null): Deliverer | null {
    const some = this.#setAside().filter((one) => one.target === target);
    const chosen = some[pick % Math.max(1, some.length)];
    if (chosen === undefined) return null;
    const asked = this.#asked(chosen, discard === null ? "redrive" : "discard");
    if (asked === undefined) this.#begin(chosen, discard);
    else for (const each of this.#ports.deliverers()) this.#tell(each, asked);
    return chosen.deliverer;
  }

  /** From now on someone looks after lanes that stand still. */
  heal(): void {
    for (const one of this.#setAside()) {
      if (one.isBlocked && this.#asked(one) === undefined) this.#begin(one, null);
      const isLeft = one.isFull && this.#asked(one, "discard") === undefined;
      if (isLeft) this.#begin(one, "dead-letter");
    }
    this.#ports.queue.after(LOOK_MS, () => this.heal());
  }

  /** A process starts. */
  greet(deliverer: Deliverer): void {
    for (const redrive of this.#redrives) if (!redrive.isOver) this.#tell(deliverer, redrive);
  }

  /** To which redrive a call belongs that is about to be made; null: it is live. */
  jobOf(target: string, place: CallPlace): string | null {
    const lane = this.#ports.laneOf(target, place);
    if (lane === null || !this.#givenUp.has(nameOf(target, place))) return null;
    const redrives = this.#byLane.get(laneName(target, place, lane)) ?? [];
    return redrives.findLast(({ offset }) => offset <= place.offset)?.job ?? null;
  }

  #begin(aside: SetAside, discard: DiscardPlan | null): void {
    const { target, partition, lane } = aside;
    const name = laneName(target, partition, lane);
    const below = discard === null ? null : this.#belowOf(aside, discard, name);
    const job = `${discard === null ? "redrive" : "discard"}-${this.#redrives.length + 1}`;
    const redrive: Redrive = { ...aside, job, below, isOver: false };
    this.#redrives.push(redrive);
    this.#byLane.set(name, [...(this.#byLane.get(name) ?? []), redrive]);
    this.#note(below === null ? "redrive" : "discard", redrive);
    for (const each of this.#ports.deliverers()) this.#tell(each, redrive);
    this.#look(redrive);
  }

  #belowOf({ offset, isBlocked }: SetAside, discard: DiscardPlan, name: string): number {
    // What waits behind a block is not parked: nobody knows how many they are.
    const last = discard === "parked" && !isBlocked ? this.#lastGivenUp.get(name) : undefined;
    return Math.max(offset, last ?? 0) + 1;
  }

  #tell({ machine, drivers }: Deliverer, redrive: Redrive): void {
    const { target, lane, redriveCount, below } = redrive;
    const { topic, partition } = redrive.partition;
    const offset = asOffset(redrive.offset);
    const request = { topic, partition, key: asRecordKey(lane), offset, redriveCount };
    const delayMs = this.#ports.draws.between("redrive.hearing", 0, HEARING_MS_MAX);
    machine.schedule(delayMs, () => {
      const found = drivers.find(({ name }) => name === target);
      if (below === null) found?.driver.redrive(request);
      else found?.driver.discard({ ...request, below: asOffset(below) });
    });
  }

  /** Over is a redrive whose key is released, or set aside anew: also by one that does not know that it was settled. */
  #look(redrive: Redrive): void {
    const owner = this.#ownerOf(redrive);
    const marker = owner?.aside.get(redrive.lane)?.marker;
    if (owner === undefined || (marker !== undefined && isSameDeadLetter(redrive, marker))) {
      this.#ports.queue.after(LOOK_MS, () => this.#look(redrive));
      return;
    }
    redrive.isOver = true;
    this.#note("job-done", redrive);
  }

  #note(f: "redrive" | "discard" | "job-done", redrive: Redrive): void {
    const { queue, write } = this.#ports;
    const { job, target, partition, lane, offset, below } = redrive;
    const place = { topic: partition.topic, partition: partition.partition, key: lane };
    const range = f === "discard" && below !== null ? { from: offset, to: below } : {};
    write({ h: "ops", at: queue.now, f, who: "operator", target, ...place, job, ...range });
  }

  /** @param what default either. */
  #asked(aside: SetAside, what?: "redrive" | "discard"): Redrive | undefined {
    const { target, partition, lane } = aside;
    const redrives = this.#byLane.get(laneName(target, partition, lane)) ?? [];
    return redrives.find((one) => {
      const isWhat = what === undefined || (one.below === null) === (what === "redrive");
      return isWhat && isSameDeadLetter(one, aside);
    });
  }

  #setAside(): readonly SetAside[] {
    return this.#drivers().flatMap(({ deliverer, target, driver }) => {
      const isOwner = (one: PartitionView): boolean =>
        this.#ownerOf({ target, partition: one, epoch: 0 }) === one;
      return [...driver.state.partitions.values()].flatMap((partition) =>
        [...partition.aside].flatMap(([lane, { marker }]): SetAside[] => {
          if (marker.kind === "deferred" || !isOwner(partition)) return [];
          const { offset, redriveCount, firstEpoch } = marker;
          const { epoch } = partition;
          const isBlocked = marker.kind === "block";
          const which = { offset, redriveCount, firstEpoch };
          const isFull = !isBlocked && partition.lanes.get(lane)?.state === "blocked";
          return [{ deliverer, target, partition, epoch, lane, ...which, isBlocked, isFull }];
        }),
      );
    });
  }

  /** The latest of those that hold it: an earlier one may not know yet that it has lost it. */
  #ownerOf({
    target,
    partition,
    epoch,
  }: Pick<Redrive, "epoch" | "partition" | "target">): PartitionView | undefined {
    return this.#drivers()
      .filter((one) => one.target === target)
      .flatMap(({ driver }) => [...driver.state.partitions.values()])
      .filter((one) => isSamePlace(one, partition) && one.isOwned && one.epoch >= epoch)
      .sort((one, other) => other.epoch - one.epoch)[0];
  }

  /** What stands for want of records does so until someone acts. */
  #isHalted({ target, partition }: Redrive): boolean {
    return this.#drivers().some(
      ({ target: name, driver }) =>
        name === target && driver.halts.some((halt) => isSamePlace(halt, partition)),
    );
  }

  #drivers(): readonly {
    readonly deliverer: Deliverer;
    readonly target: string;
    readonly driver: TargetDriver;
  }[] {
    return this.#ports
      .deliverers()
      .flatMap((deliverer) =>
        deliverer.drivers.map(({ name, driver }) => ({ deliverer, target: name, driver })),
      );
  }
}

type DeadLetter = Pick<SetAside, "firstEpoch" | "offset" | "redriveCount">;

function isSameDeadLetter(one: DeadLetter, other: DeadLetter): boolean {
  const isSameEvent = one.offset === other.offset && one.firstEpoch === other.firstEpoch;
  return isSameEvent && one.redriveCount === other.redriveCount;
}

type Partitions = TargetDriver["state"]["partitions"];
type PartitionView = Partitions extends ReadonlyMap<unknown, infer Value> ? Value : never;

function isSamePlace(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}

function laneName(
  target: string,
  { topic, partition }: Pick<CallPlace, "topic" | "partition">,
  lane: string,
): string {
  return `${target}/${topic}/${partition}/${lane}`;
}

function nameOf(target: string, place: CallPlace): string {
  return `${laneName(target, place, "")}${place.offset}`;
}
