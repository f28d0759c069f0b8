/**
 * Where a command writes: data to standard output, everything else to standard error. Owns what happens when the reader
 * of the output goes away (`| head`): nothing more is written, and `outputClosed` tells commands that only read.
 */
import { styleText } from "node:util";

/** A stream as far as a terminal needs it; `process.stdout` is one. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string, callback?: (error?: Error | null) => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** How much is told on standard error. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** What a terminal is made of. */
export interface TerminalOptions {
  readonly output: OutputStream;
  readonly error: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly verbosity: Verbosity;
  /** What `--no-color` says; NO_COLOR and a stream that is no terminal turn colour off as well. */
  readonly colour: "auto" | "never";
}

/** Colours and weights in use. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red";

/** The two streams, as commands use them. */
export class Terminal {
  readonly isOutputTty: boolean;
  readonly isErrorTty: boolean;
  readonly columns: number;
  readonly verbosity: Verbosity;
  readonly #output: OutputStream;
  readonly #error: OutputStream;
  readonly #mayColour: boolean;
  #hasFailed = false;
  readonly #closed = new AbortController();

  constructor({ output, error, env, verbosity, colour }: TerminalOptions) {
    this.#output = output;
    this.#error = error;
    this.isOutputTty = output.isTTY === true;
    this.isErrorTty = error.isTTY === true;
    this.columns = widthOf(output);
    this.verbosity = verbosity;
    this.#mayColour = colour === "auto" && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
    output.on("error", (failure) => this.#onOutputError(failure));
    error.on("error", () => undefined);
  }

  /** Aborted when nobody reads the output any more. */
  get outputClosed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether output got lost for another reason than a reader that left. */
  get hasOutputFailed(): boolean {
    return this.#hasFailed;
  }

  /** Writes data. Text is whole lines, ended. */
  write(text: string): void {
    if (!this.#closed.signal.aborted) this.#output.write(text);
  }

  /**
   * Draws lines over the whole screen of the output, each frame over the one before; what does not fit is cut. Lines
   * without styles; on a terminal only. The cursor stays below, so whatever ends the process leaves the last frame.
   */
  frame(lines: readonly string[]): void {
    if (this.#closed.signal.aborted) return;
    const text = frameText(lines, { columns: widthOf(this.#output), rows: heightOf(this.#output) });
    this.#output.write(text);
  }

  /** Tells what happens; silent with `--quiet`. */
  note(text: string): void {
    if (this.verbosity !== "quiet") this.#error.write(`${text}\n`);
  }

  /** Tells details, with `--verbose` only. */
  detail(text: string): void {
    if (this.verbosity === "verbose") this.#error.write(`${text}\n`);
  }

  /** Tells what is wrong, always. */
  complain(text: string): void {
    this.#error.write(`${text}\n`);
  }

  /** Writes a question to a person and leaves the cursor behind it. */
  ask(question: string): void {
    this.#error.write(question);
  }

  /** Overwrites the one line that shows progress; an empty text removes it. Only on a terminal. */
  progress(text: string): void {
    if (!this.isErrorTty || this.verbosity === "quiet") return;
    const width = widthOf(this.#error) - 1;
    this.#error.write(`\r\u001b[2K${text.slice(0, width)}`);
  }

  /** Styles text for one of the streams, where colour is wanted. */
  paint(style: Style | readonly Style[], text: string, stream: "output" | "error"): string {
    const isTty = stream === "output" ? this.isOutputTty : this.isErrorTty;
    if (!this.#mayColour || !isTty) return text;
    return styleText(typeof style === "string" ? style : [...style], text, {
      validateStream: false,
    });
  }

  #onOutputError(failure: Error): void {
    const isReaderGone = "code" in failure && failure.code === "EPIPE";
    if (!isReaderGone) {
      this.#hasFailed = true;
      this.complain(`millrace: cannot write the output: ${failure.message}`);
    }
    this.#closed.abort();
  }
}

/** Columns of a stream; a terminal that does not know its width says 0. Default: 80. */
export function widthOf({ columns = 0 }: OutputStream): number {
  return columns > 0 ? columns : WIDTH_DEFAULT;
}

const WIDTH_DEFAULT = 80;

function heightOf({ rows = 0 }: OutputStream): number {
  return rows > 0 ? rows : HEIGHT_DEFAULT;
}

const HEIGHT_DEFAULT = 24;

/** Home, each line with what was right of it erased, then what was below. */
function frameText(
  lines: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  const room = Math.max(1, rows - 1);
  const shown = lines.length > room ? lines.slice(0, room - 1) : lines;
  const rest = lines.length - shown.length;
  const all = rest > 0 ? [...shown, `… ${rest} more lines`] : shown;
  // A line that fills the last column would lose it to the erasing.
  const width = columns - 1;
  const drawn = all.map((line) => {
    const text = line.length > width ? `${line.slice(0, width - 1)}…` : line;
    return `${text}\u001b[K\n`;
  });
  return `\u001b[H${drawn.join("")}\u001b[J`;
}
