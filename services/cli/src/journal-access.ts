/** The journal, as commands ask it: an index in a file beside the stack's state, which may be deleted at any time. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { deliveriesTopic } from "@millrace/config";
import type { JournalFact } from "@millrace/diagnosis";
import { asTopic } from "@millrace/engine";
import { JournalIndex, JournalIndexError, type JournalIndexOptions } from "@millrace/journal";
import type { LogReader } from "@millrace/kafka";
import { findHome } from "@millrace/local";
import { reasonOf } from "./cli-error.ts";
import { Progress } from "./output/progress.ts";
import type { Terminal } from "./output/terminal.ts";
import { registryOf, type Settings } from "./settings.ts";

/** The journal of a namespace. */
export interface Journal extends Pick<JournalIndex, "find"> {
  /** Reads what has come since. Never throws because of the journal: {@link fact} says what could not be read. */
  catchUp(): Promise<void>;
  /** What it can tell at all. */
  fact(): JournalFact;
  readonly entryCount: number;
}

/** With what the journal is read. */
export interface JournalAccess {
  readonly settings: Settings;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Stays its owner's. */
  readonly reader: LogReader;
}

/** Does something with the journal, which has not been caught up. */
export async function withJournal<Result>(
  access: JournalAccess,
  task: (journal: Journal) => Promise<Result>,
): Promise<Result> {
  using index = openIndex(access);
  return await task(new IndexedJournal(index, access.terminal));
}

/** A file that cannot be used costs the time to read the topic, and nothing else. */
function openIndex({ settings, terminal, env, reader }: JournalAccess): JournalIndex {
  const topic = asTopic(deliveriesTopic(settings.namespace));
  const of = { topic, reader, registry: registryOf(settings) };
  const path = indexPath(settings, env);
  try {
    mkdirSync(dirname(path), { recursive: true });
    return new JournalIndex({ ...of, store: { kind: "file", path } });
  } catch (error) {
    if (!isUnusable(error)) throw error;
    terminal.complain(`the journal's index is made anew in memory: ${reasonOf(error)}`);
    return new JournalIndex({ ...of, store: { kind: "memory" } } satisfies JournalIndexOptions);
  }
}

/** Namespaces of one name on other brokers have an index of their own. */
function indexPath({ namespace, kafka }: Settings, env: NodeJS.ProcessEnv): string {
  const identity = JSON.stringify(["v1", namespace, kafka.brokers.toSorted()]);
  const name = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  return join(findHome(process.cwd(), env), "journal", `${namespace}-${name}.db`);
}

function isUnusable(error: unknown): boolean {
  if (error instanceof JournalIndexError) return true;
  return error instanceof Error && "syscall" in error;
}

class IndexedJournal implements Journal {
  readonly #index: JournalIndex;
  readonly #terminal: Terminal;
  #failure: string | null = null;

  constructor(index: JournalIndex, terminal: Terminal) {
    this.#index = index;
    this.#terminal = terminal;
  }

  get entryCount(): number {
    return this.#index.status().entryCount;
  }

  /** @inheritdoc */
  async catchUp(): Promise<void> {
    const progress = new Progress(this.#terminal);
    try {
      await this.#index.catchUp({
        onProgress: ({ readCount, totalCount }) =>
          progress.show(readCount, totalCount === 0 ? 1 : readCount / totalCount),
      });
      this.#failure = null;
    } catch (error) {
      this.#failure = reasonOf(error);
    } finally {
      progress.end();
    }
  }

  /** @inheritdoc */
  find(query: Parameters<Journal["find"]>[0]): ReturnType<Journal["find"]> {
    return this.#index.find(query);
  }

  /** @inheritdoc */
  fact(): JournalFact {
    const { settled, unreadableCount } = this.#index.status();
    return { from: settled?.from ?? null, unreadableCount, failure: this.#failure };
  }
}
