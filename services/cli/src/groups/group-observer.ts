/**
 * Looks at the groups of targets: what Kafka says of them, their logs and the state topic, and the records at the heads.
 *
 * Owns: the order of the questions, which makes the answers one picture. Invariants: O1 members are asked for before the
 * state topic is read, so that a member's claim is not missed. O2 the state topic is read before committed offsets, so
 * that a start does not look like offsets that are gone. O3 committed offsets are asked for before the log's ends, so
 * that no lag is negative.
 */
import { groupId, stateTopic } from "@millrace/config";
import {
  asOffset,
  asRecordKey,
  asTopic,
  assert,
  laneNameOf,
  MillraceError,
  type SourceRecord,
  type StateLog,
  type TopicPartition,
} from "@millrace/engine";
import type { GroupOffset, LogReader, TopicAdmin } from "@millrace/kafka";
import { boundedMap } from "./bounded-map.ts";
import { headOfLine, type LineHead } from "./head-of-line.ts";
import type {
  Head,
  ObservedGroup,
  ObservedPartition,
  ObservedTarget,
  UnobservedGroup,
} from "./observed-group.ts";
import { partitionLag, type PartitionLag } from "./partition-lag.ts";
import { targetState, type TargetState } from "./target-state.ts";
import { waitReason } from "./wait-reason.ts";

/** Targets that are looked at at once. */
const TARGETS_MAX = 4;
/** Heads of a target that are read at once. */
const HEADS_MAX = 8;
/** How often a target is looked at again because retention ran meanwhile. */
const TRIES_MAX = 3;

/** What is asked. */
export interface ObserverPorts {
  readonly admin: Pick<TopicAdmin, "describeGroup" | "groupOffsets" | "partitionRanges">;
  readonly reader: Pick<LogReader, "read">;
  readonly stateLog: Pick<StateLog, "readTo" | "list">;
}

/** A target and what is known of it besides its offsets. */
interface Subject {
  readonly target: ObservedTarget;
  readonly state: TargetState;
}

/** See the head of this file. */
export class GroupObserver {
  readonly #namespace: string;
  readonly #ports: ObserverPorts;

  constructor(namespace: string, ports: ObserverPorts) {
    this.#namespace = namespace;
    this.#ports = ports;
  }

  /**
   * Looks at targets, in their order.
   * @throws MillraceError `TOPIC_MISSING` for the state topic, `BROKER_UNREACHABLE`, `BROKER_REFUSED`.
   */
  async observe(
    targets: readonly ObservedTarget[],
  ): Promise<readonly (ObservedGroup | UnobservedGroup)[]> {
    const { admin, stateLog } = this.#ports;
    const groups = await boundedMap(targets, TARGETS_MAX, async (target) => ({
      target,
      group: await admin.describeGroup(groupId(this.#namespace, target.name)),
    }));
    await this.#readState();
    return boundedMap(groups, TARGETS_MAX, ({ target, group }) =>
      this.#observe({ target, state: targetState(stateLog, group, target.name) }),
    );
  }

  /** Looks at one target. @throws MillraceError as {@link observe}; `TOPIC_MISSING` for a topic of the target too. */
  async observeOne(target: ObservedTarget): Promise<ObservedGroup> {
    const [observed] = await this.observe([target]);
    assert(observed !== undefined, "a target was not looked at");
    if (observed.kind === "topic-missing") throw observed.error;
    return observed;
  }

  async #readState(): Promise<void> {
    const { admin, stateLog } = this.#ports;
    const [range] = await admin.partitionRanges(asTopic(stateTopic(this.#namespace)));
    const end = range?.logEndOffset ?? 0;
    if (end > 0) await stateLog.readTo(asOffset(end - 1));
  }

  async #observe(subject: Subject): Promise<ObservedGroup | UnobservedGroup> {
    const { target, state } = subject;
    const { group } = state;
    try {
      return {
        kind: "observed",
        target,
        groupId: group.groupId,
        state: group.state === "Dead" ? "none" : group.state,
        memberCount: group.members.length,
        partitions: await this.#partitions(subject),
      };
    } catch (error) {
      const isMissing = error instanceof MillraceError && error.code === "TOPIC_MISSING";
      if (!isMissing) throw error;
      return { kind: "topic-missing", target, error };
    }
  }

  async #partitions(subject: Subject): Promise<readonly ObservedPartition[]> {
    for (let triesLeft = TRIES_MAX - 1; ; triesLeft -= 1) {
      try {
        return await this.#partitionsOnce(subject);
      } catch (error) {
        const isOvertaken = error instanceof MillraceError && error.code === "OFFSETS_GONE";
        if (!isOvertaken || triesLeft === 0) throw error;
      }
    }
  }

  async #partitionsOnce(subject: Subject): Promise<readonly ObservedPartition[]> {
    const { target, state } = subject;
    const { groupId: id } = state.group;
    const offsets: GroupOffset[] = [];
    for (const topic of target.topics) {
      offsets.push(...(await this.#ports.admin.groupOffsets(id, asTopic(topic))));
    }
    return boundedMap(offsets, HEADS_MAX, (one) => this.#partition(one, subject));
  }

  async #partition(found: GroupOffset, subject: Subject): Promise<ObservedPartition> {
    const { topic, partition, committed, logStartOffset, logEndOffset } = found;
    const begunAt = subject.state.begunAt(found);
    const lag = partitionLag({ committed, logStartOffset, logEndOffset, begunAt });
    const head = await this.#head(found, lag);
    return {
      ...lag,
      topic,
      partition,
      committed: committed?.offset ?? null,
      logStartOffset,
      logEndOffset,
      owner: subject.state.owners.get(placeOf(found)) ?? null,
      head: head.kind === "record" ? headOf(head.record, lag, subject) : null,
      unreadFrom: head.kind === "unread" ? head.from : null,
    };
  }

  async #head(found: GroupOffset, lag: PartitionLag): Promise<LineHead> {
    const { topic, partition, committed, logStartOffset, logEndOffset } = found;
    if (committed === null || lag.waitingCount === 0) return { kind: "none" };
    return headOfLine(this.#ports.reader, {
      topic,
      partition,
      from: asOffset(Math.max(committed.offset, logStartOffset)),
      to: logEndOffset,
      doneRuns: lag.doneRuns,
    });
  }
}

function headOf(record: SourceRecord, lag: PartitionLag, subject: Subject): Head {
  const { target, state } = subject;
  const place = placeOf(record);
  const lane = laneNameOf(target.order, keyOf(record));
  const aside = lane === null ? null : (state.aside.get(place)?.get(lane) ?? null);
  const owner = state.owners.get(place) ?? null;
  const groupState = state.group.state;
  return { record, waitsFor: waitReason({ state: lag.state, aside, groupState, owner }) };
}

function keyOf({ key }: SourceRecord): ReturnType<typeof asRecordKey> | null {
  return key === null ? null : asRecordKey(Buffer.from(key).toString("latin1"));
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
