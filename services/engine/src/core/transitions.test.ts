import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { LANE_TRANSITIONS, type LaneNext } from "../../testing/lane-transitions.ts";
import { RandomBench } from "../../testing/random-bench.ts";
import { transitionRows } from "../../testing/transition-rows.ts";
import { REPLAY_TRANSITIONS, type ReplayNext } from "../../testing/replay-transitions.ts";
import {
  BREAKER_TRANSITIONS,
  MEMBERSHIP_TRANSITIONS,
  type InputKind,
} from "../../testing/transition-table.ts";
import type { BreakerStage } from "./guards/breaker.ts";
import type { Lane, LaneState } from "./lanes/lane.ts";
import type { Replay, ReplayStage } from "./replay/replay.ts";
import type { EngineState, Membership } from "./state.ts";

/** `MILLRACE_SEED` runs a single one. */
const single = process.env["MILLRACE_SEED"];
const SEED_COUNT = 300;
const seeds =
  single === undefined
    ? Array.from({ length: SEED_COUNT }, (_, index) => index + 1)
    : [Number(single)];
const INPUT_COUNT = 800;

type Cells = Readonly<Record<string, Readonly<Record<InputKind, readonly string[]>>>>;
const TABLES: Readonly<Record<"lane" | "replay" | "membership" | "breaker", Cells>> = {
  lane: LANE_TRANSITIONS,
  replay: REPLAY_TRANSITIONS,
  membership: MEMBERSHIP_TRANSITIONS,
  breaker: BREAKER_TRANSITIONS,
};

/** What seeds have shown: cells, and what no cell allows. */
class Witness {
  readonly cells = new Set<string>();
  readonly strays: string[] = [];
  #seed = 0;
  #lanes: ReadonlyMap<Lane<string>, LaneState> = new Map();
  #replays: ReadonlyMap<Replay<string>, ReplayStage> = new Map();
  #membership: Membership = "none";
  #breaker: BreakerStage = "closed";

  run(seed: number): void {
    this.#seed = seed;
    this.#lanes = new Map();
    this.#replays = new Map();
    this.#membership = "none";
    this.#breaker = "closed";
    const bench = new RandomBench(seed, (state, { kind }) => {
      this.#see(state, kind);
    });
    bench.run(INPUT_COUNT);
  }

  #see(state: EngineState<string>, input: InputKind): void {
    const { membership } = state;
    const { stage } = state.hold.breaker;
    const left = lanesOf(state);
    this.#note("membership", [this.#membership, input, membership]);
    this.#note("breaker", [this.#breaker, input, stage]);
    for (const [lane, from] of this.#lanes) this.#note("lane", [from, input, nextOf(lane, left)]);
    for (const [lane, to] of left) {
      if (!this.#lanes.has(lane)) this.#note("lane", ["idle", input, to]);
    }
    this.#lanes = left;
    this.#seeReplays(state, input);
    this.#membership = membership;
    this.#breaker = stage;
  }

  #seeReplays({ replays }: EngineState<string>, input: InputKind): void {
    for (const [replay, from] of this.#replays) {
      const to: ReplayNext = replays.all.has(replay) ? replay.stage : "gone";
      this.#note("replay", [from, input, to]);
    }
    for (const replay of replays.all) {
      if (!this.#replays.has(replay)) this.#note("replay", ["waiting", input, replay.stage]);
    }
    this.#replays = new Map(Array.from(replays.all, (replay) => [replay, replay.stage] as const));
  }

  #note(of: keyof typeof TABLES, [from, input, to]: readonly [string, InputKind, string]): void {
    this.cells.add(`${of}: ${from}, ${input}`);
    if (TABLES[of][from]?.[input].includes(to) === true) return;
    this.strays.push(`${of}: ${from}, ${input}: ${to}; again: ${again(this.#seed)}`);
  }
}

function again(seed: number): string {
  return `MILLRACE_SEED=${seed} npx vitest run --project unit services/engine/src/core/transitions`;
}

function lanesOf(state: EngineState<string>): Map<Lane<string>, LaneState> {
  const lanes = new Map<Lane<string>, LaneState>();
  const note = (lane: Lane<string>): unknown => lanes.set(lane, lane.state);
  for (const partition of state.partitions.values()) {
    for (const lane of partition.lanes.values()) note(lane);
    for (const lane of partition.looseLanes) note(lane);
    for (const { lane } of partition.detours) note(lane);
    for (const { lanes: own, looseLanes } of partition.replays.values()) {
      for (const lane of [...own.values(), ...looseLanes]) note(lane);
    }
  }
  return lanes;
}

function nextOf(lane: Lane<string>, left: ReadonlyMap<Lane<string>, LaneState>): LaneNext {
  if (!lane.partition.isOwned) return "gone";
  return left.has(lane) || lane.state === "idle" ? lane.state : "gone";
}

/** Runs all seeds; an error names its seed and how to run it again. */
function witness(): Witness {
  const made = new Witness();
  for (const seed of seeds) {
    try {
      made.run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}; again: ${again(seed)}`, { cause: error });
    }
  }
  return made;
}

describe("the engine's states under random inputs", () => {
  let seen: Witness;
  beforeAll(() => {
    seen = witness();
  });

  it("change only as their tables say", () => {
    expect([...new Set(seen.strays)]).toEqual([]);
  });

  it("come by every cell of their tables", () => {
    const claimed = Object.entries(TABLES).flatMap(([of, table]) =>
      Object.entries(table).flatMap(([from, row]) =>
        Object.keys(row).map((input) => `${of}: ${from}, ${input}`),
      ),
    );
    // One seed alone shows few of them.
    expect(claimed.filter((cell) => single === undefined && !seen.cells.has(cell))).toEqual([]);
  });

  it("are shown in SPEC.md as their tables have them", () => {
    const spec = readFileSync(new URL("../../SPEC.md", import.meta.url), "utf8");
    // Tables are padded by the formatter.
    const lines = spec.replaceAll(/ {2,}/gu, " ").split("\n");

    const shown = lines.filter((line) => /^\| (?:lane|replay|membership|breaker) \|/u.test(line));
    expect(shown).toEqual(transitionRows());
  });
});
