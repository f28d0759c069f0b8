import {
  keptAttempts,
  type Delivery,
  type EngineState,
  type Failure,
  type PreparedEvent,
} from "@millrace/engine";
import { keyText } from "./key-text.ts";
import { untilMs, type Moment } from "./moment.ts";
import { viewSetAside, type SetAsideView } from "./set-aside-view.ts";

type EventDelivery = Delivery<PreparedEvent>;
type State = EngineState<PreparedEvent>;
type Partition = State["partitions"] extends Map<string, infer P> ? P : never;

/** Lanes that fail and are told of, the lowest offsets first. */
export const FAILING_MAX = 100;

/** A partition that this process owns. */
export interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  /** Acknowledged by the group, and what the next commit would say. */
  readonly committed: string;
  readonly committable: string;
  /** The next offset to be fetched. */
  readonly next: string;
  /** Records in memory that are not settled. */
  readonly unsettled: number;
  /** Offsets from the committable one to the highest settled one: what bounds look at. */
  readonly span: number;
  readonly fetching: "on" | "held back";
  /** Keys with work. */
  readonly lanes: number;
  /** Keys that are set aside, by kind. */
  readonly setAside: Readonly<Record<"block" | "deferred" | "quarantine", number>>;
  /** The first of them. */
  readonly setAsideKeys: readonly SetAsideView[];
  /** What the committed offset waits for; null where nothing is unsettled. */
  readonly head: LaneView | null;
  /** Lanes whose head has failed, at most {@link FAILING_MAX}, and how many there are. */
  readonly failing: readonly LaneView[];
  readonly failingCount: number;
}

/** A lane with work, by its head. */
export interface LaneView {
  readonly offset: string;
  /** UTF-8, else hex; null where the event has none. */
  readonly key: string | null;
  readonly id: string | null;
  readonly type: string | null;
  /** When the log took it, RFC 3339. */
  readonly since: string;
  readonly state: EventDelivery["lane"]["state"];
  readonly attempts: number;
  /** Until the next attempt; null where it does not wait for a time. */
  readonly nextAttemptMs: number | null;
  /** Why it was not taken; also where the target's configuration is to blame, which is not charged to the event. */
  readonly lastFailure: Failure | null;
}

/** Takes a picture of a partition. */
export function viewPartition(
  partition: Partition,
  order: State["config"]["order"],
  moment: Moment,
): PartitionView {
  const { topic, epoch, tracker, acknowledged, aside } = partition;
  const heads = headsOf(partition);
  const failing = heads.filter((head) => failureOf(head) !== null);
  const setAside = { block: 0, deferred: 0, quarantine: 0 };
  for (const { marker } of aside.values()) setAside[marker.kind] += 1;
  const [head] = heads;
  return {
    ...{ topic, partition: partition.partition, epoch },
    committed: String(acknowledged.offset),
    committable: String(tracker.committable),
    next: String(tracker.nextOffset),
    unsettled: tracker.unsettledCount,
    span: tracker.span,
    fetching: partition.isFetchPaused ? "held back" : "on",
    lanes: partition.lanes.size + partition.looseLanes.size,
    setAside,
    setAsideKeys: viewSetAside(partition, order),
    head: head === undefined ? null : viewLane(head, moment),
    failing: failing.slice(0, FAILING_MAX).map((delivery) => viewLane(delivery, moment)),
    failingCount: failing.length,
  };
}

/** Heads of all lanes, the ways back of keys among them, by offset. */
function headsOf({ lanes, looseLanes, detours }: Partition): readonly EventDelivery[] {
  const all = [...lanes.values(), ...looseLanes, ...Array.from(detours, ({ lane }) => lane)];
  const heads = all.flatMap(({ head }) => head ?? []);
  return heads.sort((one, other) => one.offset - other.offset);
}

function viewLane(delivery: EventDelivery, moment: Moment): LaneView {
  const { lane, offset, payload, attemptCount } = delivery;
  const { record, id, type } = payload;
  return {
    offset: String(offset),
    key: record.key === null ? null : keyText(record.key),
    ...{ id, type },
    since: new Date(record.timestampMs).toISOString(),
    state: lane.state,
    attempts: attemptCount,
    nextAttemptMs: lane.state === "waiting" ? untilMs(lane.dueAt, moment) : null,
    lastFailure: failureOf(delivery),
  };
}

function failureOf(delivery: EventDelivery): Failure | null {
  const { refusedCount, lastFailure } = delivery;
  if (refusedCount === 0) return lastFailure;
  const { first, last } = keptAttempts(delivery);
  const result = (last.at(-1) ?? first.at(-1))?.result;
  if (result?.kind !== "misconfigured") return lastFailure;
  const { reason, status, detail } = result;
  return { reason, status, detail };
}
