/**
 * Makes clean histories from a seed, for tests of the checker: deliverers that keep every promise through failing
 * targets, dead letters, redrives, crashes and clean changes of owner. It knows the promises and no code of the engine.
 */
import { SeededRandom } from "../support/seeded-random.ts";
import { covers, readCoverage } from "./done-set.ts";
import { encodedDoneSet } from "./encoded-done-set.ts";
import type { CommitLine, HistoryLine } from "./history.ts";
import { type CallOptions, ScriptedHistory, type Spot } from "./scripted-history.ts";

const KEYS = ["k1", "k2", "k3", "k4", null];

/** Makes one. @param stepCount how much happens; about six lines each. */
export function cleanHistory(seed: number, stepCount = 60): readonly HistoryLine[] {
  const maker = new CleanHistory(seed);
  for (let step = 0; step < stepCount; step += 1) maker.step();
  return maker.end();
}

interface Item {
  readonly spot: Spot;
  readonly key: string | null;
  readonly isFiltered: boolean;
  isRefused: boolean;
  attempts: number;
}

/** A partition: its log, what the broker holds of it, and what its owner knows. */
interface Part {
  readonly partition: number;
  readonly items: Item[];
  committed: Pick<CommitLine, "offset" | "metadata">;
  process: string;
  epoch: number;
  settled: Set<number>;
  /** Dead letter and parked events, by key; survives its owners. */
  readonly aside: Map<string, Item[]>;
}

class CleanHistory {
  readonly #random: SeededRandom;
  readonly #script: ScriptedHistory;
  readonly #parts: Part[] = [];
  #epochCount = 0;
  #processCount = 0;
  #jobCount = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#script = new ScriptedHistory({}, { topics: { orders: 2 } });
    for (const partition of [0, 1]) {
      const process = this.#start();
      const part: Part = {
        ...{ partition, items: [], committed: { offset: 0, metadata: "" }, process, epoch: 0 },
        ...{ settled: new Set(), aside: new Map() },
      };
      this.#parts.push(part);
      this.#take(part, process);
    }
  }

  step(): void {
    const part = this.#random.pick(this.#parts);
    const dice = this.#random.below(100);
    if (dice < 40) this.#emit(part);
    else if (dice < 80) this.#deliver(part);
    else if (dice < 90) this.#commit(part);
    else if (dice < 93) this.#crash(part);
    else if (dice < 96) this.#handOver(part);
    else this.#redrive(part);
  }

  end(): readonly HistoryLine[] {
    this.#script.op("heal");
    for (const part of this.#parts) {
      while (this.#deliver(part));
      this.#commit(part);
    }
    return this.#script.op("rest").close();
  }

  #start(): string {
    this.#processCount += 1;
    const process = `p${this.#processCount}`;
    this.#script.op("start", { who: process });
    return process;
  }

  /** A new owner knows what was committed. */
  #take(part: Part, process: string): void {
    this.#epochCount += 1;
    part.epoch = this.#epochCount;
    part.process = process;
    const { offset, metadata } = part.committed;
    const coverage = readCoverage(offset, metadata);
    part.settled = new Set(
      part.items.map(({ spot }) => spot.offset).filter((one) => covers(coverage, one)),
    );
    this.#script.assigned(process, part.epoch, part.partition);
  }

  #emit({ partition, items }: Part): void {
    const name = this.#random.pick(KEYS);
    const key = name === null ? null : `${name}-${partition}`;
    const isFiltered = this.#random.chance(0.1);
    const options = isFiltered ? { key, expect: { kind: "filtered" } as const } : { key };
    const spot = this.#script.record(options, partition);
    items.push({ spot, key, isFiltered, isRefused: this.#random.chance(0.07), attempts: 0 });
  }

  /** Works on the first event of some lane; false where nothing is to do. */
  #deliver(part: Part): boolean {
    const open = part.items.filter(({ spot }) => !part.settled.has(spot.offset));
    const heads = open.filter((item) => item.key === null || isHead(item, open));
    if (heads.length === 0) return false;
    const item = this.#random.pick(heads);
    const aside = item.key === null ? undefined : part.aside.get(item.key);
    if (item.isFiltered) part.settled.add(item.spot.offset);
    else if (aside === undefined) this.#attempt(part, item);
    else {
      if (!aside.includes(item)) {
        this.#script.givenUp(item.spot, "park", { epoch: part.epoch });
        aside.push(item);
      }
      part.settled.add(item.spot.offset);
    }
    return true;
  }

  #attempt(part: Part, item: Item): void {
    const { spot } = item;
    const options = this.#callOf(part, item);
    const dice = this.#random.below(100);
    if (item.isRefused) {
      this.#script.call(spot, { ...options, status: 422 });
      const { epoch } = part;
      this.#script.givenUp(spot, "dlq", { epoch, attempts: 1 });
      if (item.key !== null) part.aside.set(item.key, [item]);
      part.settled.add(spot.offset);
    } else if (dice < 10) {
      this.#script.call(spot, { ...options, status: 503 });
    } else if (dice < 15) {
      this.#script.send(spot, options).arrive(spot, options).broken(spot, options);
      this.#script.out(spot, { ...options, outcome: "retry", isAmbiguous: true });
    } else {
      this.#script.call(spot, options);
      part.settled.add(spot.offset);
    }
  }

  #callOf({ process, epoch }: Part, item: Item): CallOptions {
    item.attempts += 1;
    return { process, epoch, number: item.attempts };
  }

  #commit(part: Part): void {
    const { items, settled, partition, process, epoch } = part;
    const head = items.find(({ spot }) => !settled.has(spot.offset));
    const offset = head?.spot.offset ?? items.length;
    const done = [...settled].filter((one) => one > offset).sort((a, b) => a - b);
    const metadata = encodedDoneSet(offset, done);
    if (offset === 0 && metadata === "") return;
    this.#script.commit(offset, { partition, metadata, process, epoch, generation: epoch });
    part.committed = { offset, metadata };
  }

  /** Dies in the middle of a call, if there is one to make; the next owner begins with what was committed. */
  #crash(part: Part): void {
    const { items, settled, process } = part;
    const open = items.filter(({ spot }) => !settled.has(spot.offset));
    const item = open.find((one) => {
      const isAside = one.key !== null && part.aside.has(one.key);
      return !one.isFiltered && !isAside && (one.key === null || isHead(one, open));
    });
    if (item !== undefined) {
      const options = this.#callOf(part, item);
      this.#script.send(item.spot, options).arrive(item.spot, options);
      this.#script.op("kill", { who: process }).broken(item.spot, options);
    } else this.#script.op("kill", { who: process });
    this.#script.wait(10_000);
    this.#take(part, this.#start());
  }

  #handOver(part: Part): void {
    const { process, partition } = part;
    this.#commit(part);
    const place = { who: process, target: "crm", topic: "orders", partition };
    this.#script.op("terminate", { who: process }).op("revoked", place);
    this.#script.op("exit", { who: process, detail: "0" });
    this.#take(part, this.#start());
  }

  /** Sends a key's dead letter, then its parked events. */
  #redrive(part: Part): void {
    const [key] = part.aside.keys();
    const items = key === undefined ? undefined : part.aside.get(key);
    if (key === undefined || items === undefined) return;
    // A dead letter that its owner had not committed may still be at the head of the lane.
    if (items.some(({ spot }) => !part.settled.has(spot.offset))) return;
    this.#jobCount += 1;
    const job = `m${this.#jobCount}`;
    const place = { target: "crm", topic: "orders", partition: part.partition, key };
    this.#script.op("redrive", { ...place, job });
    for (const item of items) {
      item.isRefused = false;
      this.#script.call(item.spot, { ...this.#callOf(part, item), job });
    }
    this.#script.op("job-done", { ...place, job });
    part.aside.delete(key);
  }
}

function isHead(item: Item, open: readonly Item[]): boolean {
  return open.find(({ key }) => key === item.key) === item;
}
