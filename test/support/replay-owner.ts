/** An owner of partitions as a process would be it: the production driver over the adapters of @millrace/kafka. */
import { randomUUID } from "node:crypto";
import {
  asJob,
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  DEFAULTS,
  NO_TELEMETRY,
  systemClock,
  systemEntropy,
  TargetDriver,
  type AttemptSender,
  type EventPreparer,
  type ReplayOrder,
} from "@millrace/engine";
import {
  createParkedLog,
  createRecordSink,
  createRecordSource,
  createReplayLog,
  createStateLog,
  plainConnection,
} from "@millrace/kafka";

/** Where an owner works; plain, so that it can be handed to a process. */
export interface OwnerPlace {
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly topic: string;
  readonly stateTopic: string;
  /** Takes dead letters, parked events and the journal. */
  readonly ownTopic: string;
  readonly sessionMs: number;
}

/** What the target was called with, by offset. */
export interface Arrival {
  readonly offset: number;
  /** Null: live. */
  readonly job: string | null;
}

/** Disconnects an owner's adapters. */
export interface Owner {
  readonly driver: TargetDriver;
  readonly close: () => Promise<void>;
}

/** Wires an owner; it joins its group with `driver.start()`. */
export function createOwner(place: OwnerPlace, sender: AttemptSender): Owner {
  const { brokers, groupId, topic, stateTopic, ownTopic, sessionMs } = place;
  const connection = plainConnection([...brokers], "millrace-test");
  const on = { connection, telemetry: NO_TELEMETRY };
  const topics = [asTopic(topic)];
  const source = createRecordSource({ ...on, groupId, topics, sessionTimeoutMs: sessionMs });
  const [sink, journalSink] = [createRecordSink(on), createRecordSink(on)];
  const stateLog = createStateLog({ ...on, topic: asTopic(stateTopic) });
  const [parkedLog, replayLog] = [createParkedLog(on), createReplayLog(on)];
  const own = asTopic(ownTopic);
  const driver = new TargetDriver(
    {
      ...{ target: asTarget("crm"), groupId, engine: DEFAULTS, startAt: { kind: "earliest" } },
      ...{ deadTopic: own, parkedTopic: own, journalTopic: own },
      ...{ mappingRevision: "r1", processId: randomUUID() },
    },
    {
      ...{ source, sink, journalSink, stateLog, parkedLog, replayLog, sender, preparer },
      ...{ clock: systemClock, entropy: systemEntropy(), telemetry: NO_TELEMETRY },
      journalSchemaId: Promise.resolve(1),
    },
    {
      failed(error) {
        throw error;
      },
      paused: () => undefined,
      throttled: () => undefined,
      redriven: () => undefined,
      discarded: () => undefined,
    },
  );
  const close = async (): Promise<void> => {
    await driver.stop(0);
    const ports = [sink, journalSink, stateLog, parkedLog, replayLog];
    await Promise.all(ports.map((port) => port.close().catch(() => undefined)));
  };
  return { driver, close };
}

/** A part of partition 0 to be repaired. */
export function repairOrder(topic: string, [from, to]: readonly [number, number]): ReplayOrder {
  return {
    ...{ job: asJob("repair-1"), mode: "repair", topic: asTopic(topic) },
    ...{ partition: asPartition(0), from: asOffset(from), to: asOffset(to) },
  };
}

/** A target that takes everything after a while, and tells of each call when it comes. */
export function answering(afterMs: number, onArrival: (arrival: Arrival) => void): AttemptSender {
  return {
    send: ({ headers }, onResult) => {
      const offset = Number(headers["millrace-position"]?.split("/")[2]);
      onArrival({ offset, job: headers["millrace-replay"] ?? null });
      let isOver = false;
      const end = (result: Parameters<typeof onResult>[0]): void => {
        if (!isOver) onResult(result);
        isOver = true;
      };
      setTimeout(() => end({ kind: "delivered", status: 204 }), afterMs);
      return () => queueMicrotask(() => end({ kind: "abandoned", ambiguous: true }));
    },
    close: () => Promise.resolve(),
  };
}

/** Every event as it is. */
const preparer: EventPreparer = {
  prepare: (record) => ({
    kind: "ready",
    verdict: { kind: "deliver" },
    event: {
      record,
      ...{ id: String(record.offset), source: "urn:test", type: "t", tenant: "default" },
      ...{ traceparent: null, tracestate: null, mappingRevision: "r1" },
      request: {
        ...{ method: "PUT", url: "https://api.example.com/", body: null, timeoutMs: 5_000 },
        headers: { "idempotency-key": `key-${record.offset}` },
      },
    },
  }),
  loadSchema: () => Promise.resolve(),
};
