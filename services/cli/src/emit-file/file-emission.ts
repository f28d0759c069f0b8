/**
 * The emission of a file. It reads ahead and lets the emitter have many lines at once, but settles them in the file's
 * order: receipts are printed, problems told and the checkpoint moved line by line, so that what is behind it is done.
 *
 * - F1: at most OPEN_LINES_MAX lines of OPEN_CHARACTERS_MAX characters, and one more, are read and not settled.
 * - F2: after a line has failed no later line is settled, so that the checkpoint never passes it.
 * - F3: events are handed to the emitter in the file's order, which is what keeps the order of a key.
 */
import type { Receipt } from "@millrace/emitter";
import type { LineEvent, LineReader } from "../input/event-line.ts";
import type { Problem } from "../problem.ts";
import type { SourceLine } from "../input/lines.ts";
import type { LineEnd } from "./line-end.ts";
import { LineDigest, type Checkpoint } from "./resume-state.ts";

/** Lines that are read and not settled, at most. */
export const OPEN_LINES_MAX = 5_000;

/** Their text, at most: well below what the emitter holds and lets wait before it refuses. */
export const OPEN_CHARACTERS_MAX = 16 * 1_048_576;

/** Time for what is open to be acknowledged after an interruption, ms. */
const INTERRUPT_GRACE_MS = 1_000;

/** What an emission works with. */
export interface EmissionParts {
  readonly reader: LineReader;
  /** Emits one event; resolves to how its line ends, never rejects. */
  readonly emit: (event: LineEvent) => Promise<LineEnd>;
  readonly onReceipt: (receipt: Receipt) => void;
  /** A line that is left out. */
  readonly onInvalid: (line: SourceLine, problems: readonly Problem[]) => void;
  /** After every line that is settled; awaited before the next one is. */
  readonly onSettled: (checkpoint: () => Checkpoint, line: number) => Promise<void>;
  readonly interrupted: AbortSignal;
  /** Settled in an earlier run; null begins at the first line. */
  readonly resumeFrom: Checkpoint | null;
  /** @throws when the lines up to the checkpoint are others than then. */
  readonly assertSame: (checkpoint: Checkpoint, digest: LineDigest) => void;
}

/** How an emission ended. */
export interface EmissionResult {
  readonly emittedCount: number;
  /** Over all runs. */
  readonly invalidCount: number;
  /** The last line that is settled. */
  readonly line: number;
  /** What stopped it early; null when it came to the file's end or was interrupted. */
  readonly failure: { readonly error: unknown } | null;
}

/** Emits the lines of one source, once. */
export class FileEmission {
  readonly #parts: EmissionParts;
  readonly #digest = new LineDigest();
  #settling: Promise<void> = Promise.resolve();
  #openCount = 0;
  #openCharacters = 0;
  #onRoom: (() => void) | null = null;
  #line = 0;
  #emittedCount = 0;
  #invalidCount: number;
  #failure: EmissionResult["failure"] = null;

  constructor(parts: EmissionParts) {
    this.#parts = parts;
    this.#invalidCount = parts.resumeFrom?.invalidCount ?? 0;
  }

  /** How far it is. */
  get checkpoint(): Checkpoint {
    const [line, invalidCount] = [this.#line, this.#invalidCount];
    return { line, invalidCount, digest: this.#digest.value };
  }

  /** Emits until the end, a failure or an interruption. @throws what reading the lines throws, once all is settled. */
  async run(lines: AsyncIterable<SourceLine>): Promise<EmissionResult> {
    const { interrupted } = this.#parts;
    const stop = (): void => this.#onRoom?.();
    interrupted.addEventListener("abort", stop, { once: true });
    try {
      await this.#readAll(lines);
    } finally {
      await (interrupted.aborted ? this.#settledInTime() : this.#settling);
      interrupted.removeEventListener("abort", stop);
    }
    const { resumeFrom, assertSame } = this.#parts;
    if (resumeFrom !== null && this.#line < resumeFrom.line) assertSame(resumeFrom, this.#digest);
    return {
      emittedCount: this.#emittedCount,
      invalidCount: this.#invalidCount,
      line: this.#line,
      failure: this.#failure,
    };
  }

  async #readAll(lines: AsyncIterable<SourceLine>): Promise<void> {
    for await (const line of lines) {
      if (this.#isOver()) break;
      if (this.#skips(line)) continue;
      this.#open(line);
      if (this.#load() >= 1) await this.#room();
    }
  }

  /** How much of its bounds is in use; 1 is full. */
  #load(): number {
    return Math.max(this.#openCount / OPEN_LINES_MAX, this.#openCharacters / OPEN_CHARACTERS_MAX);
  }

  #isOver(): boolean {
    return this.#failure !== null || this.#parts.interrupted.aborted;
  }

  /** Lines that an earlier run settled. */
  #skips({ number, text }: SourceLine): boolean {
    const { resumeFrom, assertSame } = this.#parts;
    if (resumeFrom === null || number > resumeFrom.line) return false;
    this.#digest.add(text);
    this.#line = number;
    if (number === resumeFrom.line) assertSame(resumeFrom, this.#digest);
    return true;
  }

  #open(line: SourceLine): void {
    const read = this.#parts.reader.read(line);
    const ending = read.kind === "event" ? this.#parts.emit(read.event) : Promise.resolve(read);
    this.#openCount += 1;
    this.#openCharacters += line.text?.length ?? 0;
    this.#settling = this.#settling.then(async () => this.#settle(line, await ending));
  }

  async #settle(line: SourceLine, end: LineEnd): Promise<void> {
    this.#openCount -= 1;
    this.#openCharacters -= line.text?.length ?? 0;
    if (this.#load() < 0.5) this.#onRoom?.();
    if (this.#failure !== null) return;
    try {
      if (end.kind === "failed") throw end.error;
      this.#tell(line, end);
      this.#line = line.number;
      this.#digest.add(line.text);
      await this.#parts.onSettled(() => this.checkpoint, line.number);
    } catch (error) {
      this.#failure = { error };
      this.#onRoom?.();
    }
  }

  #tell(line: SourceLine, end: Exclude<LineEnd, { readonly kind: "failed" }>): void {
    if (end.kind === "emitted") {
      this.#emittedCount += 1;
      this.#parts.onReceipt(end.receipt);
    } else if (end.kind === "invalid") {
      this.#invalidCount += 1;
      this.#parts.onInvalid(line, end.problems);
    }
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
    });
    this.#onRoom = null;
  }

  async #settledInTime(): Promise<void> {
    const grace = Promise.withResolvers<null>();
    const timer = setTimeout(() => grace.resolve(null), INTERRUPT_GRACE_MS);
    await Promise.race([this.#settling, grace.promise]);
    clearTimeout(timer);
  }
}
