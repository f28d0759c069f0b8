import type { Readable } from "node:stream";
import type { OutputFormat } from "./output/document.ts";
import type { Terminal } from "./output/terminal.ts";

/** What SIGINT and SIGTERM do. */
export interface Interrupts {
  /**
   * From now on they abort this signal and the command ends by itself, in at most `graceMs` (default: 2 s). Before, and in
   * commands that never call this, they end the process at once, as the second signal does.
   */
  take(graceMs?: number): AbortSignal;
}

/** What every command is given beside its own options. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** What `--output` says; null: the command's own default. */
  readonly output: OutputFormat | null;
  /** The configuration named with `--config`; null: `millrace.yaml` where there is one. */
  readonly configPath: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly input: Readable;
  /** What `--yes` and `--no-input` say. */
  readonly asking: "ask" | "assume-yes" | "never";
  readonly interrupts: Interrupts;
}
