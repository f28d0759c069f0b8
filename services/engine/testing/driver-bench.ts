/** A driver on ports in memory: what its tests share. */
import { DEFAULTS, type EngineConfig } from "../src/core/config.ts";
import {
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  type TopicPartition,
} from "../src/core/lanes/identity.ts";
import type { Pauser } from "../src/core/guards/pause.ts";
import type { DiscardRequest, RedriveRequest } from "../src/core/aside/redrive.ts";
import type {
  DiscardEnd,
  DriverOptions,
  DriverPorts,
  RedriveEnd,
  ThrottleNotice,
} from "../src/driver/options.ts";
import { TargetDriver } from "../src/driver/target-driver.ts";
import type { AssignedPartition, SourceRecord } from "../src/ports.ts";
import { ManualClock, settled } from "./manual-clock.ts";
import {
  MemoryParkedLog,
  MemoryPreparer,
  MemoryReplayLog,
  MemorySender,
  MemorySink,
  MemorySource,
  MemoryStateLog,
} from "./memory-ports.ts";
import { MemoryTelemetry } from "./memory-telemetry.ts";

export const topic = asTopic("users");

/** A partition's part of an assignment, by what differs from one that starts at 0. */
export interface Place {
  readonly partition?: number;
  readonly committed?: number | null;
  readonly metadata?: string;
  readonly logStart?: number;
  readonly logEnd?: number;
  readonly isContinued?: boolean;
}

/** A driver and its ports. */
export class DriverBench {
  readonly clock = new ManualClock();
  readonly source = new MemorySource();
  readonly sink = new MemorySink();
  readonly journalSink = new MemorySink();
  readonly stateLog: MemoryStateLog;
  readonly parkedLog = new MemoryParkedLog(this.sink);
  readonly replayLog = new MemoryReplayLog();
  readonly sender = new MemorySender();
  readonly preparer = new MemoryPreparer();
  readonly telemetry = new MemoryTelemetry();
  readonly failures: Error[] = [];
  readonly pauses: { readonly by: Pauser; readonly reason: string }[] = [];
  readonly throttles: ThrottleNotice[] = [];
  readonly redriven: { readonly request: RedriveRequest; readonly end: RedriveEnd }[] = [];
  readonly discarded: { readonly request: DiscardRequest; readonly end: DiscardEnd }[] = [];
  readonly driver: TargetDriver;
  readonly #nextOffsets = new Map<number, number>();

  constructor(
    engine: Partial<EngineConfig> = {},
    { journalBodies, ...options }: Partial<DriverOptions> & Pick<DriverPorts, "journalBodies"> = {},
    stateLog = new MemoryStateLog(),
  ) {
    this.stateLog = stateLog;
    const { clock, source, sink, journalSink, sender, preparer, telemetry } = this;
    this.driver = new TargetDriver(
      {
        target: asTarget("crm"),
        groupId: "shop.crm",
        engine: { ...DEFAULTS, ...engine },
        startAt: { kind: "earliest" },
        deadTopic: asTopic("millrace.crm.dead"),
        parkedTopic: asTopic("millrace.crm.parked"),
        journalTopic: asTopic("millrace.deliveries"),
        mappingRevision: "r1",
        processId: "p1",
        ...options,
      },
      {
        clock,
        source,
        sink,
        journalSink,
        journalSchemaId: Promise.resolve(1),
        ...(journalBodies === undefined ? {} : { journalBodies }),
        stateLog,
        parkedLog: this.parkedLog,
        replayLog: this.replayLog,
        sender,
        preparer,
        telemetry,
        entropy: () => 7,
      },
      {
        failed: (error) => this.failures.push(error),
        paused: (by, reason) => this.pauses.push({ by, reason }),
        throttled: (notice) => this.throttles.push(notice),
        redriven: (request, end) => this.redriven.push({ request, end }),
        discarded: (request, end) => this.discarded.push({ request, end }),
      },
    );
  }

  /** A generation that owns these partitions. */
  assign(generation: number, places: readonly Place[] = [{}], partitionCount = 2): Promise<void> {
    for (const { partition = 0, committed = 0, isContinued = false } of places) {
      if (!isContinued) this.#nextOffsets.set(partition, committed ?? 0);
    }
    return this.driver.assigned({
      memberId: "m1",
      generation,
      partitions: places.map(assignedPartition),
      partitionCounts: new Map([[topic, partitionCount]]),
    });
  }

  /** Fetches records `<key>:<value>` (no colon: a null key) of a partition, consecutive offsets. */
  async fetch(texts: readonly string[], partition = 0): Promise<void> {
    const from = this.#nextOffsets.get(partition) ?? 0;
    this.#nextOffsets.set(partition, from + texts.length);
    this.fetchAt(from, texts, partition);
    await this.clock.advance(0);
  }

  /** The same at given offsets, without waiting. */
  fetchAt(from: number, texts: readonly string[], partition = 0): void {
    this.driver.records({
      topic,
      partition: asPartition(partition),
      records: texts.map((text, index) => sourceRecord(text, from + index, partition)),
      logEndOffset: asOffset(from + texts.length),
    });
  }

  /** Bodies of the calls that are open. */
  get openBodies(): string[] {
    return this.sender.open.map(({ request }) => String(request.body));
  }

  /** Ends the open call of a body. */
  async end(body: string, status = 204): Promise<void> {
    const call = this.sender.open.find(({ request }) => request.body === body);
    if (call === undefined) throw new Error(`no open call: ${body}`);
    if (status === 422) call.end({ kind: "rejected", reason: "HTTP_REJECTED", status });
    else call.end({ kind: "delivered", status });
    await this.clock.advance(0);
  }

  /** The last committed offset of a partition. */
  committed(partition = 0): number | undefined {
    return this.source.commits
      .flatMap(({ offsets }) => offsets)
      .findLast((offset) => offset.partition === asPartition(partition))?.offset;
  }
}

/** A bench that owns partition 0 from offset 0. */
export async function setupDriver(engine: Partial<EngineConfig> = {}): Promise<DriverBench> {
  const bench = new DriverBench(engine);
  await bench.assign(1);
  return bench;
}

/** The name of a partition in fakes. */
export const place = (partition: number): TopicPartition => ({
  topic,
  partition: asPartition(partition),
});

/** Lets everything run that promises have led to. */
export { settled };

function assignedPartition({
  partition = 0,
  committed = 0,
  metadata = "",
  logStart = 0,
  logEnd = 1_000,
  isContinued = false,
}: Place): AssignedPartition {
  return {
    ...place(partition),
    committed: committed === null ? null : { offset: asOffset(committed), metadata },
    logStartOffset: asOffset(logStart),
    logEndOffset: asOffset(logEnd),
    isContinued,
  };
}

/** A record `<key>:<value>` (no colon: a null key) as it lies in the log. */
export function sourceRecord(text: string, offset: number, partition = 0): SourceRecord {
  const colon = text.startsWith("schema:") ? -1 : text.indexOf(":");
  return {
    ...place(partition),
    offset: asOffset(offset),
    timestampMs: Date.UTC(2026, 0, 1),
    key: colon === -1 ? null : Buffer.from(text.slice(0, colon)),
    value: Buffer.from(text.slice(colon + 1)),
    headers: { ce_id: Buffer.from(`id-${offset}`) },
  };
}
