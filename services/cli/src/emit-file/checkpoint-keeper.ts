import { reasonOf } from "../cli-error.ts";
import type { LineMapping } from "../input/event-line.ts";
import type { Terminal } from "../output/terminal.ts";
import {
  readCheckpoint,
  removeCheckpoint,
  statePath,
  writeCheckpoint,
  type Checkpoint,
} from "./resume-state.ts";

/** Between two writes of the state file, ms: what a SIGKILL loses of it is emitted again, with the same ids. */
const KEEP_EVERY_MS = 1_000;

/** Keeps the state file of one emission up to date. Standard input has none: nobody could read it again. */
export class CheckpointKeeper {
  readonly #path: string | null;
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #keptAt: number;
  #hasComplained = false;

  constructor(
    of: { readonly file: string; readonly mapping: LineMapping; readonly env: NodeJS.ProcessEnv },
    terminal: Terminal,
    now: () => number = () => performance.now(),
  ) {
    this.#path = of.file === "-" ? null : statePath(of.file, of.mapping, of.env);
    this.#terminal = terminal;
    this.#now = now;
    this.#keptAt = now();
  }

  /** Where an earlier run stopped; null when there is nothing to go on from. */
  async read(): Promise<Checkpoint | null> {
    return this.#path === null ? null : readCheckpoint(this.#path);
  }

  /** Writes a checkpoint when the last one is old enough. */
  async keep(checkpoint: () => Checkpoint): Promise<void> {
    if (this.#now() - this.#keptAt < KEEP_EVERY_MS) return;
    this.#keptAt = this.#now();
    await this.save(checkpoint());
  }

  /** Writes a checkpoint; emitting goes on where that fails, and the user is told once. */
  async save(checkpoint: Checkpoint): Promise<void> {
    if (this.#path === null) return;
    try {
      await writeCheckpoint(this.#path, checkpoint);
    } catch (error) {
      if (!this.#hasComplained) {
        this.#terminal.complain(`--resume will not work: ${reasonOf(error)}`);
      }
      this.#hasComplained = true;
    }
  }

  /** Forgets: the file is done. */
  async forget(): Promise<void> {
    if (this.#path !== null) await removeCheckpoint(this.#path);
  }
}
