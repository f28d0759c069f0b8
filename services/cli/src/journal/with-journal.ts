import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deliveriesTopic } from "@millrace/config";
import { asTopic } from "@millrace/engine";
import { JournalIndex } from "@millrace/journal";
import { createLogReader, createTopicAdmin } from "@millrace/kafka";
import { findHome } from "@millrace/local";
import type { CommandContext } from "../context.ts";
import { connectionOf, registryOf, type Settings } from "../settings.ts";

/** What an index is opened with. */
export interface JournalAccess {
  readonly settings: Settings;
  readonly context: Pick<CommandContext, "env" | "terminal">;
}

/**
 * Does something with the index of the journal, as the topic is now. The index is kept beside the stack's state, one for each
 * namespace of a cluster, so that only what has come since the last time is read.
 * @throws MillraceError and SchemaError of the servers, `TOPIC_MISSING` without a journal; JournalIndexError.
 */
export async function withJournal<Result>(
  { settings, context }: JournalAccess,
  task: (index: JournalIndex) => Promise<Result> | Result,
): Promise<Result> {
  const { env, terminal } = context;
  const path = await indexPath(settings, env);
  await mkdir(dirname(path), { recursive: true });
  const reader = createLogReader({ connection: connectionOf(settings) });
  try {
    using index = new JournalIndex({
      topic: asTopic(deliveriesTopic(settings.namespace)),
      store: { kind: "file", path },
      reader,
      registry: registryOf(settings),
    });
    await index.catchUp({
      onProgress: ({ readCount, totalCount }) => {
        const share = totalCount === 0 ? 100 : Math.floor((100 * readCount) / totalCount);
        terminal.progress(`reading the journal, ${share} %`);
      },
    });
    return await task(index);
  } finally {
    terminal.progress("");
    await reader.close();
  }
}

async function indexPath(settings: Settings, env: NodeJS.ProcessEnv): Promise<string> {
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const { clusterId } = await admin.describeCluster();
    const cluster = createHash("sha256").update(clusterId).digest("hex").slice(0, 8);
    const folder = join(findHome(process.cwd(), env), "journal");
    return join(folder, `${settings.namespace}-${cluster}.db`);
  } finally {
    await admin.close();
  }
}
