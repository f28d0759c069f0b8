/** What an independent reader finds in the logs when a run is over. */
import {
  asPartition,
  type RecordHeaders,
  type SourceRecord,
  type TopicPartition,
} from "@millrace/engine";
import type { Coordinates, Expectation, GivenUpLine, HistoryLine } from "../../checker/history.ts";
import type { Cluster } from "./brokers/cluster.ts";
import { ownBytes } from "./brokers/own-bytes.ts";
import { STATE_TOPIC, type TargetWorld } from "./processes/deliverer.ts";
import { digest } from "./digest.ts";
import type { EventPlan, Plan } from "./plan/plan.ts";
import { FIRST_REVISION, bodyOf } from "./processes/preparer.ts";

const WALL_START = Date.UTC(2026, 0, 1);

/** What there is to be read besides the source topics. */
export interface FinalReadParts {
  readonly targets: readonly TargetWorld[];
  /** Mappings that a target had in the run, the first one aside. */
  readonly revisionsOf: (target: string) => readonly string[];
  /** Records of source topics that are not there any more. */
  readonly deleted: readonly SourceRecord[];
  /** Likewise of the targets' own. */
  readonly sweptAway: readonly SourceRecord[];
}

/** Source topics first, then what the engine wrote. */
export function* readLogs(
  plan: Plan,
  cluster: Cluster,
  { targets, deleted, sweptAway, revisionsOf }: FinalReadParts,
): Generator<HistoryLine> {
  const events = new Map(plan.events.map((event) => [event.id, event]));
  const parts = { plan, events, revisionsOf };
  const fits = new Map<string, GivenUpLine["fits"]>();
  for (const record of deleted) yield logLine(record, parts);
  for (const { name } of plan.topics) {
    for (const { place, records, startOffset, endOffset } of cluster.logs(name)) {
      for (const record of records) {
        fits.set(nameOf(record), whatFits(record, plan.recordBytesMax));
        yield logLine(record, parts);
      }
      yield {
        h: "log-end",
        topic: place.topic,
        partition: place.partition,
        start: deleted.some((one) => isIn(one, place)) ? 0 : startOffset,
        end: endOffset,
      };
    }
  }
  for (const { api, deadTopic, parkedTopic } of targets) {
    for (const [kind, topic] of [
      ["dlq", deadTopic],
      ["park", parkedTopic],
    ] as const) {
      for (const { place, records } of cluster.logs(topic)) {
        const swept = sweptAway.filter((one) => isIn(one, place));
        for (const record of swept)
          yield { ...fitted(givenUpLine(kind, api.plan.name, record), fits), ...leftOpen(record) };
        for (const record of records) yield fitted(givenUpLine(kind, api.plan.name, record), fits);
      }
    }
  }
  const state = cluster.log({ topic: STATE_TOPIC, partition: asPartition(0) });
  for (const { key, value, offset, timestampMs } of state.records) {
    const parsed: unknown = value === null ? null : JSON.parse(textOf(value));
    yield { h: "state", at: timestampMs - WALL_START, offset, key: textOf(key), value: parsed };
  }
}

/** What of an event its target's own topics take; undefined: all. */
function whatFits(record: SourceRecord, recordBytesMax: number): GivenUpLine["fits"] {
  if (ownBytes(record) <= recordBytesMax) return undefined;
  return ownBytes({ ...record, value: null }) <= recordBytesMax ? "key-and-headers" : "key";
}

/** Nobody resolves a dead letter here; what holds its key is closed by a redrive or discard. */
function leftOpen({ headers }: SourceRecord): Pick<GivenUpLine, "isLeftOpen"> {
  return header(headers, "millrace-holds-key") === "false" ? { isLeftOpen: true } : {};
}

function fitted(line: GivenUpLine, all: ReadonlyMap<string, GivenUpLine["fits"]>): GivenUpLine {
  const fits = all.get(nameOf(line));
  return fits === undefined ? line : { ...line, fits };
}

function nameOf({ topic, partition, offset }: Coordinates): string {
  return `${topic}/${partition}/${offset}`;
}

function isIn(record: SourceRecord, { topic, partition }: TopicPartition): boolean {
  return record.topic === topic && record.partition === partition;
}

function logLine(
  { topic, partition, offset, timestampMs, key, value, headers }: SourceRecord,
  {
    plan,
    events,
    revisionsOf,
  }: Pick<FinalReadParts, "revisionsOf"> & {
    readonly plan: Plan;
    readonly events: ReadonlyMap<string, EventPlan>;
  },
): HistoryLine {
  const id = header(headers, "ce_id");
  const event = events.get(id);
  const expect: Record<string, Expectation> = {};
  for (const { name, topics } of plan.targets) {
    if (event === undefined || !topics.includes(topic)) continue;
    expect[name] = expectationOf(name, event, revisionsOf(name));
  }
  return {
    h: "log",
    at: timestampMs - WALL_START,
    topic,
    partition,
    offset,
    id,
    source: header(headers, "ce_source"),
    key: key === null ? null : Buffer.from(key).toString("latin1"),
    sha: digest(value ?? ""),
    expect,
  };
}

function expectationOf(
  target: string,
  event: EventPlan,
  revisions: readonly string[],
): Expectation {
  const fate = event.fates[target] ?? "deliver";
  if (fate === "filtered" || fate === "undeliverable") return { kind: fate };
  const shaBy = (revision: string): string => digest(bodyOf(target, event, revision));
  const otherBodyShas = revisions.map(shaBy);
  const bodySha = shaBy(FIRST_REVISION);
  return { kind: "deliver", bodySha, ...(otherBodyShas.length === 0 ? {} : { otherBodyShas }) };
}

function givenUpLine(h: "dlq" | "park", target: string, record: SourceRecord): GivenUpLine {
  const { headers, key, value, partition, offset, timestampMs } = record;
  return {
    h,
    at: timestampMs - WALL_START,
    target,
    topic: header(headers, "millrace-topic"),
    partition: Number(header(headers, "millrace-partition")),
    offset: Number(header(headers, "millrace-offset")),
    key: key === null ? null : Buffer.from(key).toString("latin1"),
    reason: header(headers, "millrace-reason"),
    sha: digest(value ?? ""),
    attempts: Number(header(headers, "millrace-attempts")),
    epoch: Number(header(headers, "millrace-epoch")),
    own: { partition, offset },
  };
}

function header(headers: RecordHeaders, name: string): string {
  const value = headers[name];
  return value instanceof Uint8Array ? textOf(value) : "";
}

function textOf(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? []).toString();
}
