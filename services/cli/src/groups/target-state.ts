import {
  asTarget,
  initialisedKey,
  readInitialised,
  type InitialisedValue,
  type StateLog,
  type TopicPartition,
} from "@millrace/engine";
import type { GroupDescription } from "@millrace/kafka";
import { keysAside, type KeysAside } from "./keys-aside.ts";
import { ownersOf, type Owner } from "./owner.ts";

/** What Kafka's group and the state topic say of a target, as of one moment: the log of the topic goes on meanwhile. */
export interface TargetState {
  readonly group: GroupDescription;
  readonly owners: ReadonlyMap<string, Owner>;
  readonly aside: KeysAside;
  /** What was noted at the first sight of a partition. */
  readonly initialisedAt: (partition: TopicPartition) => InitialisedValue | null;
}

/** Takes what there is now of a target. */
export function targetState(
  stateLog: Pick<StateLog, "list">,
  group: GroupDescription,
  target: string,
): TargetState {
  const initialised = new Map(stateLog.list(`initialised/${target}/`));
  return {
    group,
    owners: ownersOf(group, stateLog, target),
    aside: keysAside(stateLog, target),
    initialisedAt: (partition) =>
      readInitialised(initialised.get(initialisedKey(asTarget(target), partition))?.value),
  };
}
