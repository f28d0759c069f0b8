import {
  asEpoch,
  asOffset,
  asPartition,
  asTopic,
  createState,
  DEFAULTS,
  step,
  type EngineState,
  type PreparedEvent,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { sweptPartitions, type RetainedKeeper } from "./retained-target.ts";

/** A runner that owns partitions. */
function runnerOf(...partitions: readonly number[]): NonNullable<RetainedKeeper["runner"]> {
  const state: EngineState<PreparedEvent> = createState(DEFAULTS, 0);
  const assigned = partitions.map((partition) => ({
    ...{ kind: "taken" as const, topic: asTopic("users"), partition: asPartition(partition) },
    ...{ committed: { offset: asOffset(0), metadata: "" }, logEndOffset: asOffset(0) },
    ...{ epoch: asEpoch(3), markers: [] },
  }));
  const input = {
    kind: "assigned",
    generation: 1,
    partitions: assigned,
    partitionCount: 4,
  } as const;
  step(state, [input], { now: 0, wallNow: 0, entropy: 7 });
  return { driver: { state } };
}

describe("a target whose own topics are swept", () => {
  it("is swept in what the runner owns that lives, another one after a rewind", () => {
    const keeper = { keptOut: null, runner: runnerOf(0, 2) };
    expect([...sweptPartitions(keeper)]).toEqual([0, 2]);

    keeper.runner = runnerOf(1);

    expect([...sweptPartitions(keeper)]).toEqual([1]);
  });

  it("is not swept while it is out of its group, on the way out, or not in it yet", () => {
    const why = "stopped by dana";

    expect(sweptPartitions({ keptOut: why, runner: null }).size).toBe(0);
    expect(sweptPartitions({ keptOut: why, runner: runnerOf(0) }).size).toBe(0);
    expect(sweptPartitions({ keptOut: null, runner: null }).size).toBe(0);
  });
});
