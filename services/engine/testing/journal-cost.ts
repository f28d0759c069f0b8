/**
 * What the journal costs a delivery: entries made, packed into pages and handed to a sink that takes them at once.
 *
 *   node --conditions=millrace-source services/engine/testing/journal-cost.ts
 */
import { DEFAULTS } from "../src/core/config.ts";
import type { Delivery } from "../src/core/lanes/delivery.ts";
import type { Effect } from "../src/core/effect.ts";
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
} from "../src/core/lanes/identity.ts";
import type { Input } from "../src/core/input.ts";
import { createState } from "../src/core/state.ts";
import { step } from "../src/core/step.ts";
import { JournalWriter } from "../src/driver/journal/journal-writer.ts";
import { systemClock } from "../src/driver/system.ts";
import { NO_TELEMETRY } from "../src/ports/no-telemetry.ts";
import type { PreparedEvent, RecordSink, SinkRecord } from "../src/ports.ts";

const COUNT = 20_000;
const ROUNDS = 25;
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const place = { topic: asTopic("users"), partition: asPartition(0) };

function event(index: number): PreparedEvent {
  const offset = asOffset(index);
  const id = `0190f3c2-0000-7000-8000-${String(index).padStart(12, "0")}`;
  const key = Buffer.from(`user-${index % 10_000}`);
  return {
    record: { ...place, offset, timestampMs: 0, key, value: null, headers: {} },
    ...{ id, source: "/orders-service", type: "users.ProfileUpdated", tenant: "default" },
    ...{ traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: null, request: null },
    mappingRevision: "5f2b8c9d0e1a",
  };
}

/** Deliveries that were each delivered by their first attempt. */
function settledDeliveries(): readonly Delivery<PreparedEvent>[] {
  const bounds = { ...DEFAULTS.bounds, unsettledMax: Infinity, targetUnsettledMax: Infinity };
  const config = { ...DEFAULTS, bounds, order: "none" as const, concurrencyMax: COUNT };
  const state = createState<PreparedEvent>(config, 0);
  const apply = (input: Input<PreparedEvent>): readonly Effect<PreparedEvent>[] =>
    step(state, [input], { now: 23.4, wallNow: Date.now(), entropy: 0 });
  const committed = { offset: asOffset(0), metadata: "" };
  const taken = { epoch: asEpoch(12), committed, logEndOffset: asOffset(COUNT), markers: [] };
  const partitions = [{ kind: "taken" as const, ...place, ...taken }];
  apply({ kind: "assigned", generation: 1, partitions, partitionCount: 1 });
  const records = Array.from({ length: COUNT }, (_, index) => ({
    ...{ kind: "matched" as const, offset: asOffset(index), bytes: 1 },
    ...{ key: asRecordKey(`user-${index}`), verdict: { kind: "deliver" as const } },
    payload: event(index),
  }));
  const settled: Delivery<PreparedEvent>[] = [];
  let begun = apply({ kind: "records", ...place, records });
  while (settled.length < COUNT) {
    const ends = begun.flatMap((effect) =>
      effect.kind === "attempt"
        ? [{ delivery: effect.delivery, result: { kind: "delivered" as const, status: 204 } }]
        : [],
    );
    if (ends.length === 0) throw new Error(`stuck at ${settled.length}`);
    settled.push(...ends.map(({ delivery }) => delivery));
    begun = apply({ kind: "attempts-ended", ends });
  }
  return settled;
}

let pageCount = 0;
let byteCount = 0;
const sink: RecordSink = {
  append(records: readonly SinkRecord[]) {
    pageCount += 1;
    for (const { value } of records) byteCount += value?.length ?? 0;
    return Promise.resolve([]);
  },
  close: () => Promise.resolve(),
};
const journal = new JournalWriter(
  {
    target: asTarget("crm"),
    journalTopic: asTopic("millrace.deliveries"),
    mappingRevision: "5f2b8c9d0e1a",
  },
  {
    clock: systemClock,
    telemetry: NO_TELEMETRY,
    journalSink: sink,
    journalSchemaId: Promise.resolve(1),
  },
);
const deliveries = settledDeliveries();
const costs: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const startedAt = performance.now();
  for (const [index, delivery] of deliveries.entries()) {
    journal.settled(delivery, { outcome: "delivered", traceId: TRACE });
    // As often as a busy process gets to its promises.
    if (index % 100 === 0) await Promise.resolve();
  }
  costs.push(((performance.now() - startedAt) / COUNT) * 1_000);
}
await journal.close();
const median = costs.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
const entries = COUNT * ROUNDS;
process.stdout.write(
  `${median.toFixed(2)} us a delivery; ${Math.round(byteCount / entries)} bytes an entry, ` +
    `${Math.round(entries / pageCount)} entries a page\n`,
);
