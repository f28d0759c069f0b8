import { readEnvelope } from "@millrace/schemas";
import type { Column } from "../output/table.ts";
import { MASK } from "../tail/event-view.ts";
import { keyText } from "../tail/tail-item.ts";
import { ageText } from "./group-item.ts";
import type { Head, ObservedGroup, ObservedPartition } from "./observed-group.ts";
import { lagAgeSeconds } from "./lag-age.ts";
import type { Owner } from "./owner.ts";
import type { PartitionState } from "./partition-lag.ts";
import type { WaitReason } from "./wait-reason.ts";

/** A source partition of a target, as `groups describe` prints it. Offsets are text: they may exceed 2^53 one day. */
export interface PartitionItem {
  /** When it was looked at, RFC 3339. */
  readonly at: string;
  readonly target: string;
  readonly group: string;
  /** Kafka's word; `none` where Kafka does not know the group. */
  readonly groupState: string;
  readonly topic: string;
  readonly partition: number;
  readonly state: PartitionState;
  readonly committed: string | null;
  readonly logStart: string;
  readonly logEnd: string;
  readonly lag: number | null;
  /** Settled above the committed offset. */
  readonly doneAbove: number;
  /** What of the lag is not settled. */
  readonly waiting: number | null;
  /** Of that, what retention deleted. */
  readonly gone: number;
  readonly lagAgeSeconds: number | null;
  readonly owner: Owner | null;
  readonly head: HeadItem | null;
}

/** The record that a partition's line begins with. */
export interface HeadItem {
  readonly offset: string;
  /** UTF-8, else hex; null when the record has none. */
  readonly key: string | null;
  /** The brokers' time, RFC 3339. */
  readonly timestamp: string;
  /** What its headers say; null where they are no envelope. */
  readonly event: {
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly time: string | null;
  } | null;
  readonly waitsFor: WaitReason;
}

/** How items are made. */
export interface PartitionItemOptions {
  /** When the group was looked at, epoch milliseconds. */
  readonly nowMs: number;
  /** Whether a topic's keys are to be masked. */
  readonly isKeyHidden: (topic: string) => boolean;
}

/** The items of a group's partitions, in their order. */
export function partitionItems(
  observed: ObservedGroup,
  options: PartitionItemOptions,
): readonly PartitionItem[] {
  return observed.partitions.map((partition) => partitionItem(partition, observed, options));
}

function partitionItem(
  partition: ObservedPartition,
  { target, groupId, state }: ObservedGroup,
  { nowMs, isKeyHidden }: PartitionItemOptions,
): PartitionItem {
  const { topic, committed, head } = partition;
  return {
    at: new Date(nowMs).toISOString(),
    target: target.name,
    group: groupId,
    groupState: state,
    topic,
    partition: partition.partition,
    state: partition.state,
    committed: committed?.toString() ?? null,
    logStart: String(partition.logStartOffset),
    logEnd: String(partition.logEndOffset),
    lag: partition.lag,
    doneAbove: partition.doneCount,
    waiting: partition.waitingCount,
    gone: partition.goneCount,
    lagAgeSeconds: lagAgeSeconds(head, nowMs),
    owner: partition.owner,
    head: head === null ? null : headItem(head, isKeyHidden(topic)),
  };
}

function headItem({ record, waitsFor }: Head, isKeyHidden: boolean): HeadItem {
  const { offset, key, timestampMs } = record;
  const envelope = readEnvelope(record);
  return {
    offset: String(offset),
    key: isKeyHidden && key !== null ? MASK : keyText(key),
    timestamp: new Date(timestampMs).toISOString(),
    event:
      envelope === null
        ? null
        : {
            id: envelope.id,
            source: envelope.source,
            type: envelope.type,
            time: envelope.time,
          },
    waitsFor,
  };
}

/** The table of `groups describe`; a narrow screen loses what stands last. */
export const PARTITION_COLUMNS: readonly Column<PartitionItem>[] = [
  { name: "topic", cell: ({ topic }) => topic },
  { name: "partition", cell: ({ partition }) => String(partition), align: "right" },
  { name: "committed", cell: ({ committed }) => committed ?? "-", align: "right" },
  { name: "end", cell: ({ logEnd }) => logEnd, align: "right" },
  { name: "lag", cell: ({ lag }) => lag?.toString() ?? "-", align: "right" },
  { name: "done", cell: ({ doneAbove }) => String(doneAbove), align: "right" },
  { name: "waiting", cell: ({ waiting }) => waiting?.toString() ?? "-", align: "right" },
  { name: "age", cell: ({ lagAgeSeconds: age }) => ageText(age), align: "right" },
  { name: "waits for", cell: (item) => waitText(item) },
  { name: "head", cell: ({ head }) => head?.offset ?? "-", align: "right" },
  { name: "owner", cell: (item) => ownerText(item) },
  { name: "key", cell: ({ head }) => cut(head?.key ?? "-") },
  { name: "type", cell: ({ head }) => typeText(head) },
  { name: "event", cell: ({ head }) => cut(head?.event?.id ?? "-") },
  { name: "time", cell: ({ head }) => head?.event?.time ?? "-" },
];

function ownerText({ owner, groupState }: PartitionItem): string {
  if (owner !== null) return owner.process ?? `${owner.member} (${owner.host})`;
  return groupState.endsWith("Rebalance") ? "-" : "nobody";
}

const WAITS: Readonly<Record<Exclude<WaitReason, "retention">, string>> = {
  blocked: "blocked key",
  quarantined: "quarantined key",
  deferred: "deferred key",
  rebalance: "rebalance",
  "no-owner": "no owner",
  "in-work": "in work",
};

function waitText({ state, gone, head }: PartitionItem): string {
  switch (state) {
    case "not-started":
      return "not started";
    case "offsets-gone":
      return "offsets gone";
    case "beyond-end":
      return "committed beyond the end";
    case "retention-passed":
      return `retention: ${gone} gone`;
    case "behind":
    case "up-to-date":
      return head === null || head.waitsFor === "retention" ? "-" : WAITS[head.waitsFor];
  }
}

function typeText(head: HeadItem | null): string {
  if (head === null) return "-";
  const { event } = head;
  return event === null ? "(no envelope)" : event.type.slice(event.type.lastIndexOf(".") + 1);
}

/** Longer texts are whole in JSON. */
const CELL_MAX = 36;

function cut(text: string): string {
  return text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 1)}…` : text;
}
