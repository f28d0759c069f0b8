import { createLogReader, type LogReader } from "@millrace/kafka";
import { Progress } from "../output/progress.ts";
import type { Terminal } from "../output/terminal.ts";
import { connectionOf, type Settings } from "../settings.ts";

/** What reads, and shows how far it is. */
export interface Reading {
  readonly reader: LogReader;
  readonly progress: Progress;
}

/** Does something that reads logs. */
export async function withReader<Result>(
  { settings, terminal }: { readonly settings: Settings; readonly terminal: Terminal },
  task: (reading: Reading) => Promise<Result>,
): Promise<Result> {
  const reader = createLogReader({ connection: connectionOf(settings) });
  const progress = new Progress(terminal);
  try {
    return await task({ reader, progress });
  } finally {
    progress.end();
    await reader.close();
  }
}
