/** A target as its own topics are swept: wired to the brokers for each sweep, so that no connection idles between two. */
import { groupId, ownTopics, type TargetConfig } from "@millrace/config";
import type { ControlBoard } from "@millrace/control";
import { asTarget, asTopic, type PartitionId } from "@millrace/engine";
import {
  AsideSweeper,
  type SweepEnd,
  type SweepListener,
  type SweepPorts,
  type SweepWish,
} from "@millrace/jobs";
import { createLogReader, createTopicAdmin } from "@millrace/kafka";
import type { RetainedTarget } from "./aside-retention.ts";
import type { TargetKeeper } from "./target-keeper.ts";
import type { RunningDriver, SharedPorts } from "./target-runner.ts";

/** What a sweep works with. */
export type RetainedPorts = Pick<
  SharedPorts,
  "connection" | "namespace" | "stateLog" | "telemetry"
> & { readonly board: ControlBoard };

/** Where a target stands: its runner is another one after a rewind, and none while it is out. */
export interface RetainedKeeper extends Pick<TargetKeeper, "keptOut"> {
  readonly runner: { readonly driver: Pick<RunningDriver, "state"> } | null;
}

/** Wires a target; nothing connects before its first sweep. */
export function retainedTarget(
  config: TargetConfig,
  keeper: RetainedKeeper,
  ports: RetainedPorts,
): RetainedTarget {
  const { name, keepSetAsideMs: keepMs, topics } = config;
  const { namespace } = ports;
  const { dead, parked } = ownTopics(namespace, name);
  const sweeper = new AsideSweeper({
    ...{ target: asTarget(name), groupId: groupId(namespace, name) },
    ...{ sources: topics.map(asTopic), dead: asTopic(dead), parked: asTopic(parked) },
  });
  return {
    ...{ name, keepMs },
    partitions: () => sweptPartitions(keeper),
    sweep: (wish, listener) => sweepOnce(sweeper, { name, wish, listener }, ports),
  };
}

/** Partitions by whose number it is swept: those of the runner that lives, and none while it is out, or on the way out. */
export function sweptPartitions({ keptOut, runner }: RetainedKeeper): ReadonlySet<PartitionId> {
  if (keptOut !== null || runner === null) return new Set();
  const { partitions } = runner.driver.state;
  return new Set(Array.from(partitions.values(), ({ partition }) => partition));
}

async function sweepOnce(
  sweeper: AsideSweeper,
  of: {
    readonly name: string;
    readonly wish: SweepWish;
    readonly listener: SweepListener;
  },
  { connection, telemetry, stateLog, board }: RetainedPorts,
): Promise<SweepEnd> {
  const { name, wish, listener } = of;
  const reader = createLogReader({ connection, telemetry });
  const admin = createTopicAdmin({ connection, telemetry });
  const close = (): void => {
    void Promise.allSettled([reader.close(), admin.close()]);
  };
  // What waits for brokers that are away ends with the process.
  wish.signal.addEventListener("abort", close);
  try {
    const isResolved: SweepPorts["isResolved"] = (letter) =>
      board.isResolved(asTarget(name), letter);
    return await sweeper.sweep(wish, { reader, admin, stateLog, isResolved, listener });
  } finally {
    wish.signal.removeEventListener("abort", close);
    close();
  }
}
