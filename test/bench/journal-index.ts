/**
 * What an index of the journal costs: a million entries out of pages into a file, then questions to it. The topic is made up
 * as it is read, so that neither brokers nor memory are measured; its pages are decoded like any others.
 *
 *   node --conditions=millrace-source test/bench/journal-index.ts [entries]
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import {
  asEpoch,
  asOffset,
  asPartition,
  asTopic,
  JOURNAL_SCHEMA,
  JournalPageBuilder,
  type JournalEntry,
  type RecordBatch,
} from "@millrace/engine";
import { JournalIndex, type JournalQuery } from "@millrace/journal";
import type { LogReader, ReadRange } from "@millrace/kafka";
import { createMemoryRegistry } from "@millrace/schemas";

const ENTRY_COUNT = Number(process.argv[2] ?? 1_000_000);
const PAGE_ENTRIES = 500;
const TARGETS = ["crm", "audit", "search", "billing", "profile-api", "mail", "push", "fraud"];
const KEY_COUNT = 200_000;
const QUESTIONS = 2_000;
const FROM = Date.UTC(2026, 0, 1);
const topic = asTopic("millrace.deliveries");

/** Scatters numbers, the same in every run. */
function scattered(index: number): number {
  return Math.imul(index ^ (index >>> 15), 0x2c1b3c6d) >>> 0;
}

const keyOf = (index: number): string => `user-${scattered(index) % KEY_COUNT}`;
const idOf = (index: number): string => {
  const time = (FROM + index).toString(16).padStart(12, "0");
  const rest = scattered(index).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}`;
};

/** The entry of an event: one of fifty was refused. */
function entryOf(index: number): JournalEntry {
  const settledAt = FROM + index;
  const isRefused = scattered(index + 7) % 50 === 0;
  const end = isRefused ? "HTTP_REJECTED" : "delivered";
  return {
    topic: asTopic(index % 3 === 0 ? "orders" : "users"),
    partition: asPartition(index % 12),
    offset: asOffset(Math.floor(index / 12)),
    epoch: asEpoch(1_234),
    key: keyOf(index),
    id: idOf(index),
    source: "/orders-service",
    type: index % 3 === 0 ? "orders.OrderPlaced" : "users.ProfileUpdated",
    tenant: "default",
    outcome: isRefused ? "dead-lettered" : "delivered",
    reason: isRefused ? "HTTP_REJECTED" : null,
    detail: isRefused ? "HTTP 422" : null,
    mappingRevision: "5f2b8c9d0e1a",
    settledAt,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    attemptCount: 1,
    attempts: [
      {
        ...{ startedAt: settledAt - 23, durationMs: 23, end, status: isRefused ? 422 : 204 },
        ...{ requestId: null, answer: null },
      },
    ],
    ...{ job: null, request: null },
  };
}

/** A topic with a partition for each target; the pages of a time stand beside each other. */
class MadeUpLog implements LogReader {
  readonly #pageCount = Math.ceil(ENTRY_COUNT / PAGE_ENTRIES / TARGETS.length);
  /** Spent on making pages, ms. */
  makingMs = 0;
  bytes = 0;

  ranges() {
    const [start, end] = [asOffset(0), asOffset(this.#pageCount)];
    return Promise.resolve(
      TARGETS.map((_, partition) => ({
        partition: asPartition(partition),
        logStartOffset: start,
        logEndOffset: end,
      })),
    );
  }

  async *read(ranges: readonly ReadRange[]): AsyncGenerator<RecordBatch, void> {
    for (let page = 0; page < this.#pageCount; page += 1) {
      for (const { partition, from, to = Infinity } of ranges) {
        if (page < from || page >= to) continue;
        yield await Promise.resolve(this.#batch(page, partition));
      }
    }
  }

  offsetAt(): Promise<never> {
    return Promise.reject(new Error("nothing asks for it"));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #batch(page: number, partition: number): RecordBatch {
    const startedAt = performance.now();
    const builder = new JournalPageBuilder(TARGETS[partition] ?? "");
    for (let entry = 0; entry < PAGE_ENTRIES; entry += 1) {
      builder.add(entryOf((page * PAGE_ENTRIES + entry) * TARGETS.length + partition));
    }
    const value = builder.finish(1);
    this.bytes += value.length;
    this.makingMs += performance.now() - startedAt;
    const place = { topic, partition: asPartition(partition) };
    const record = { ...place, offset: asOffset(page), timestampMs: FROM, key: null, headers: {} };
    return { ...place, records: [{ ...record, value }], logEndOffset: asOffset(this.#pageCount) };
  }
}

function print(headline: string, details: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${headline}\n${JSON.stringify(details)}\n`);
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

async function build(index: JournalIndex, log: MadeUpLog, path: string): Promise<void> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await index.catchUp();
  const ms = performance.now() - startedAt - log.makingMs;
  const cpu = process.cpuUsage(cpuBefore);
  const { entryCount } = index.status();
  print(`${Math.round((entryCount / ms) * 1_000)} entries a second into the index`, {
    entryCount,
    cpuMicrosecondsEach: ((cpu.user + cpu.system - log.makingMs * 1_000) / entryCount).toFixed(1),
    file: megabytes(statSync(path).size),
    bytesEach: Math.round(statSync(path).size / entryCount),
    pageBytesEach: Math.round(log.bytes / entryCount),
    memoryMax: megabytes(process.resourceUsage().maxRSS * 1_024),
  });
}

/** Asks one kind of question many times, each about another entry. */
function ask(index: JournalIndex, name: string, queryOf: (entry: number) => JournalQuery): void {
  let found = 0;
  const times = Array.from({ length: QUESTIONS }, (_, question) => {
    const query = queryOf(scattered(question * 7_919) % ENTRY_COUNT);
    const startedAt = performance.now();
    found += index.find(query).entries.length;
    return performance.now() - startedAt;
  }).sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * QUESTIONS)] ?? 0).toFixed(3);
  const each = (found / QUESTIONS).toFixed(1);
  print(`by ${name}: median ${at(0.5)} ms`, { p99: at(0.99), max: times.at(-1)?.toFixed(3), each });
}

function askAll(index: JournalIndex): void {
  const limit = 50;
  ask(index, "event id", (entry) => ({ limit, id: idOf(entry) }));
  ask(index, "key", (entry) => ({ limit, key: keyOf(entry) }));
  ask(index, "place", (entry) => {
    const { topic: name, partition, offset } = entryOf(entry);
    return { limit, place: { topic: name, partition, offset } };
  });
  ask(index, "target", (entry) => ({ limit, target: TARGETS[entry % TARGETS.length] ?? "" }));
  ask(index, "target and time", (entry) => ({ limit, target: "crm", to: FROM + entry }));
  ask(index, "target and status", () => ({ limit, target: "crm", status: 422 }));
  ask(index, "outcome and time", (entry) => ({
    limit,
    outcome: "dead-lettered",
    to: FROM + entry,
  }));
  ask(index, "type", () => ({ limit, type: "orders.OrderPlaced" }));
}

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
try {
  const path = join(folder, "journal.db");
  const registry = createMemoryRegistry();
  await registry.register("bench", JOURNAL_SCHEMA);
  const log = new MadeUpLog();
  print(`one core of ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`, {});
  using index = new JournalIndex({ topic, store: { kind: "file", path }, reader: log, registry });
  await build(index, log, path);
  askAll(index);
} finally {
  rmSync(folder, { recursive: true });
}
