/** An index in memory on a topic in memory. */
import { JOURNAL_SCHEMA, NO_TELEMETRY, type Telemetry } from "@millrace/engine";
import { createMemoryRegistry } from "@millrace/schemas";
import { JournalIndex, type JournalAnswer, type JournalQuery } from "../src/index.ts";
import { MemoryLog } from "./memory-log.ts";

/** What a test works with. */
export interface IndexBench {
  readonly log: MemoryLog;
  readonly index: JournalIndex;
  /** Log lines of the index. */
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[];
  /** Answers a query whose limit does not matter. */
  readonly find: (query?: Partial<JournalQuery>) => JournalAnswer;
  /** Ids of the entries of an answer. */
  readonly ids: (query?: Partial<JournalQuery>) => (string | null)[];
}

/** A fresh bench. */
export async function setupIndex(log = new MemoryLog()): Promise<IndexBench> {
  const registry = createMemoryRegistry();
  await registry.register("ns.deliveries-millrace.journal.Page", JOURNAL_SCHEMA);
  const lines: IndexBench["lines"][number][] = [];
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    log: (level, message, fields) => {
      lines.push({ level, message, fields });
    },
  };
  const store = { kind: "memory" } as const;
  const index = new JournalIndex({ topic: log.topic, store, reader: log, registry, telemetry });
  const find = (query: Partial<JournalQuery> = {}): JournalAnswer =>
    index.find({ limit: 100, ...query });
  return { log, index, lines, find, ids: (query) => find(query).entries.map(({ id }) => id) };
}
