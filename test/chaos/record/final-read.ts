/** What stands in Kafka after a run, as history lines. */
import { hash } from "node:crypto";
import type {
  CommitLine,
  GivenUpLine,
  LogEndLine,
  LogLine,
  StateLine,
} from "../../checker/history.ts";
import { expectationOf, type ChaosEvent } from "../contract.ts";
import type { World } from "../world.ts";
import { readCommitRecord } from "./offsets-record.ts";
import { plainKafka, readTwice, type ReadRecord, type TopicRead } from "./topic-read.ts";

/**
 * A broker's clock gives whole milliseconds, cut off: what it says of a commit may have happened until the end of that
 * millisecond.
 */
const MILLISECOND_END = 0.999;

/** Everything read, by party. */
export interface FinalRead {
  readonly log: readonly (LogLine | LogEndLine)[];
  readonly commits: readonly CommitLine[];
  readonly deadLetters: readonly GivenUpLine[];
  readonly parked: readonly GivenUpLine[];
  readonly state: readonly StateLine[];
  /** Topics whose two readings differ: something still wrote. */
  readonly unstable: readonly string[];
}

/** Reads it. */
export async function readEverything(
  world: World,
  events: ReadonlyMap<string, ChaosEvent>,
): Promise<FinalRead> {
  const { namespace, topic, servers, targets } = world;
  const kafka = plainKafka(servers.addresses);
  const unstable: string[] = [];
  const read = async <Line>(
    name: string,
    lineOf: (record: ReadRecord) => Line | null,
  ): Promise<TopicRead<Line>> => {
    const found = await readTwice(kafka, name, lineOf);
    if (!found.isStable) unstable.push(name);
    return found;
  };
  const log = await read(topic, (record) => logLine(record, world, events));
  const ends = log.ends.map((end): LogEndLine => ({ h: "log-end", topic, ...end }));
  const commits = await read("__consumer_offsets", (record) => commitLine(record, namespace));
  const state = await read(`${namespace}.state`, stateLine);
  const deadLetters: GivenUpLine[] = [];
  const parked: GivenUpLine[] = [];
  for (const { target } of targets) {
    const stem = `${namespace}.${target.name}`;
    const dead = await read(`${stem}.dead`, (record) => givenUpLine("dlq", target.name, record));
    const park = await read(`${stem}.parked`, (record) => givenUpLine("park", target.name, record));
    deadLetters.push(...dead.lines);
    parked.push(...park.lines);
  }
  const ascending = <Line extends { readonly at: number }>(lines: readonly Line[]): Line[] =>
    [...lines].sort((a, b) => a.at - b.at);
  return {
    log: [...ascending(log.lines), ...ends],
    commits: ascending(commits.lines),
    deadLetters: ascending(deadLetters),
    parked: ascending(parked),
    state: ascending(state.lines),
    unstable,
  };
}

function logLine(
  record: ReadRecord,
  { topic, targets }: World,
  events: ReadonlyMap<string, ChaosEvent>,
): LogLine {
  const { partition, offset, timestamp, key, value } = record;
  const id = record.header("ce_id");
  const event = id === null ? undefined : events.get(id);
  const expect = targets.map(({ target, hasFilter }) => {
    if (event === undefined) return [target.name, { kind: "undeliverable" }] as const;
    return [target.name, expectationOf(event, hasFilter)] as const;
  });
  return {
    ...{ h: "log", topic, partition, offset, id, source: record.header("ce_source") },
    ...{ key: key?.toString("latin1") ?? null, sha: shaOf(value), at: timestamp },
    expect: Object.fromEntries(expect),
  };
}

function commitLine({ key, value }: ReadRecord, namespace: string): CommitLine | null {
  const commit = readCommitRecord(key, value);
  if (commit?.group.startsWith(`${namespace}.`) !== true) return null;
  const { group, committedAt, ...rest } = commit;
  return {
    ...{ h: "commit", ev: "seen", at: committedAt + MILLISECOND_END },
    target: group.slice(namespace.length + 1),
    ...rest,
    ...{ commit: null, process: null, generation: null, epoch: null },
  };
}

function givenUpLine(h: "dlq" | "park", target: string, record: ReadRecord): GivenUpLine {
  const { partition, offset, timestamp, key, value } = record;
  return {
    ...{ h, at: timestamp, target, topic: record.header("millrace-topic") ?? "" },
    partition: Number(record.header("millrace-partition")),
    offset: Number(record.header("millrace-offset")),
    key: key?.toString("latin1") ?? null,
    reason: record.header("millrace-reason") ?? "",
    sha: shaOf(value),
    attempts: Number(record.header("millrace-attempts") ?? 0),
    epoch: Number(record.header("millrace-epoch") ?? -1),
    own: { partition, offset },
  };
}

function stateLine({ offset, timestamp, key, value }: ReadRecord): StateLine {
  const text = value?.toString("utf8") ?? null;
  return {
    ...{ h: "state", at: timestamp, offset, key: key?.toString("utf8") ?? "" },
    value: text === null ? null : (JSON.parse(text) as unknown),
  };
}

function shaOf(value: Buffer | null): string {
  return hash("sha256", value ?? Buffer.alloc(0));
}
