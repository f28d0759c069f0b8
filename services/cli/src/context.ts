import type { OutputFormat } from "./output/document.ts";
import type { Terminal } from "./output/terminal.ts";

/** What every command is given beside its own options. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** What `--output` says; null: the command's own default. */
  readonly output: OutputFormat | null;
  /** The configuration named with `--config`; null: `millrace.yaml` where there is one. */
  readonly configPath: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadableStream;
  /** Aborted by SIGINT and SIGTERM; a command then has two seconds to end in order. */
  readonly interrupted: AbortSignal;
}
