import {
  asTarget,
  begunKey,
  readBegun,
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
  /** The first offset of a partition that is known to have been committed; null where none was. */
  readonly begunAt: (partition: TopicPartition) => number | null;
}

/** Takes what there is now of a target. */
export function targetState(
  stateLog: Pick<StateLog, "list">,
  group: GroupDescription,
  target: string,
): TargetState {
  const begun = new Map(stateLog.list(`begun/${target}/`));
  return {
    group,
    owners: ownersOf(group, stateLog, target),
    aside: keysAside(stateLog, target),
    begunAt: (partition) =>
      readBegun(begun.get(begunKey(asTarget(target), partition))?.value)?.offset ?? null,
  };
}
