/** A target as its own topics are swept: wired to the brokers for each sweep, so that no connection idles between two. */
import { groupId, ownTopics, type TargetConfig } from "@millrace/config";
import type { ControlBoard } from "@millrace/control";
import { asTarget, asTopic, type PartitionId, type TargetDriver } from "@millrace/engine";
import {
  AsideSweeper,
  type SweepEnd,
  type SweepListener,
  type SweepPorts,
  type SweepWish,
} from "@millrace/jobs";
import { createLogReader, createTopicAdmin } from "@millrace/kafka";
import type { RetainedTarget } from "./aside-retention.ts";
import type { SharedPorts } from "./target-runner.ts";

/** What a sweep works with. */
export type RetainedPorts = Pick<
  SharedPorts,
  "connection" | "namespace" | "stateLog" | "telemetry"
> & { readonly board: ControlBoard };

/** Wires a target; nothing connects before its first sweep. */
export function retainedTarget(
  config: TargetConfig,
  driver: Pick<TargetDriver, "state">,
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
    partitions: () => partitionsOf(driver),
    sweep: (wish, listener) => sweepOnce(sweeper, { name, wish, listener }, ports),
  };
}

function partitionsOf({ state }: Pick<TargetDriver, "state">): ReadonlySet<PartitionId> {
  return new Set(Array.from(state.partitions.values(), ({ partition }) => partition));
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
