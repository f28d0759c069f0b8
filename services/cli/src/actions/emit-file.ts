/** `millrace emit --file`: a file or standard input of NDJSON, one event a line. */
import { stat } from "node:fs/promises";
import type { Emitter } from "@millrace/emitter";
import type { EventContracts } from "@millrace/schemas";
import type { CommandContext } from "../context.ts";
import { CheckpointKeeper } from "../emit-file/checkpoint-keeper.ts";
import { EmissionOutput } from "../emit-file/emission-output.ts";
import { FileEmission, type EmissionResult } from "../emit-file/file-emission.ts";
import { endOfError, type LineEnd } from "../emit-file/line-end.ts";
import { assertSameLines, type Checkpoint } from "../emit-file/resume-state.ts";
import { spool, type Spool } from "../emit-file/spool.ts";
import { checkLines } from "../emit-file/strict-check.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { fileSource, streamSource, type ByteSource } from "../input/byte-source.ts";
import { LineReader, type LineEvent, type LineMapping } from "../input/event-line.ts";
import { typeResolver } from "../input/event-type.ts";
import { readLines } from "../input/lines.ts";
import { openEmitter } from "../open-emitter.ts";
import { groupDigits, Progress } from "../output/progress.ts";
import { loadSettings, type Settings } from "../settings.ts";

/** What is emitted, and how its lines are read. */
export interface EmitFileOptions {
  /** `-` is standard input. */
  readonly file: string;
  readonly mapping: LineMapping;
  /** `check-first`: nothing is emitted when any line is invalid. `leave-out`: those lines are not, the others are. */
  readonly invalidLines: "leave-out" | "check-first";
  readonly begins: "anew" | "where-interrupted";
  readonly rejectsPath: string | null;
}

/** Standard input, as messages name it. */
const STANDARD_INPUT = "standard input";

/** Emits a file. Exit code 3 when any line is invalid. */
export async function emitFile(
  context: CommandContext,
  options: EmitFileOptions,
): Promise<ExitCode> {
  const settings = await loadSettings(context);
  await using spooled = await spoolIfNeeded(context, options);
  const interrupted = context.interrupts.take();
  const open = (): ByteSource => {
    if (spooled !== null) return fileSource(spooled.path, STANDARD_INPUT, interrupted);
    if (options.file === "-") return streamSource(STANDARD_INPUT, context.input, interrupted);
    return fileSource(options.file, options.file, interrupted);
  };
  const run = new EmitFileRun(context, options, { settings, interrupted });
  if (options.invalidLines === "check-first" && !(await run.check(open()))) return EXIT.partial;
  return await run.emit(open());
}

/** Standard input can be read once only; to be checked first it has to be kept. */
async function spoolIfNeeded(
  { input }: CommandContext,
  { file, invalidLines }: EmitFileOptions,
): Promise<Spool | null> {
  return file === "-" && invalidLines === "check-first" ? spool(input) : null;
}

class EmitFileRun {
  readonly #context: CommandContext;
  readonly #options: EmitFileOptions;
  readonly #settings: Settings;
  readonly #interrupted: AbortSignal;
  readonly #reader: LineReader;
  readonly #keeper: CheckpointKeeper;

  constructor(
    context: CommandContext,
    options: EmitFileOptions,
    of: { readonly settings: Settings; readonly interrupted: AbortSignal },
  ) {
    const { settings } = of;
    this.#context = context;
    this.#options = options;
    this.#settings = settings;
    this.#interrupted = of.interrupted;
    const { mapping, file } = options;
    this.#reader = new LineReader(mapping, typeResolver(settings.catalog.types.keys()));
    const { terminal, env } = context;
    this.#keeper = new CheckpointKeeper({ file, mapping, env }, terminal);
  }

  /** Whether all lines are valid; tells those that are not. */
  async check(source: ByteSource): Promise<boolean> {
    const { terminal } = this.#context;
    const output = this.#output(source, "replace");
    const invalidCount = await checkLines(readLines(source.chunks), {
      reader: this.#reader,
      mapping: this.#options.mapping,
      catalog: this.#settings.catalog,
      interrupted: this.#interrupted,
      onInvalid: (line, problems) => output.invalid(line, problems),
    });
    if (invalidCount === 0) return true;
    terminal.complain(`${invalidText(invalidCount)}; nothing was emitted (--strict)`);
    return false;
  }

  async emit(source: ByteSource): Promise<ExitCode> {
    const { terminal } = this.#context;
    const resumeFrom = this.#options.begins === "anew" ? null : await this.#keeper.read();
    if (resumeFrom !== null) terminal.note(`going on after line ${groupDigits(resumeFrom.line)}`);
    const output = this.#output(source, resumeFrom === null ? "replace" : "append");
    const progress = new Progress(terminal);
    await using emitter = await openEmitter(this.#settings, []);
    const emission = this.#emission(emitter, { source, resumeFrom, output, progress });
    const result = await this.#run(emission, source, resumeFrom);
    progress.end();
    await output.end();
    return this.#conclude(result, progress.elapsedMs);
  }

  #emission(
    emitter: Emitter<EventContracts>,
    of: {
      readonly source: ByteSource;
      readonly resumeFrom: Checkpoint | null;
      readonly output: EmissionOutput;
      readonly progress: Progress;
    },
  ): FileEmission {
    const { mapping, file } = this.#options;
    const { resumeFrom, output } = of;
    const share = shareRead(of.source, file);
    return new FileEmission({
      reader: this.#reader,
      resumeFrom,
      interrupted: this.#interrupted,
      emit: (event) => emitLine(emitter, event, mapping),
      onReceipt: (receipt) => output.receipt(receipt),
      onInvalid: (line, problems) => output.invalid(line, problems),
      onSettled: async (checkpoint, line) => {
        of.progress.show(line - (resumeFrom?.line ?? 0), await share());
        await this.#keeper.keep(checkpoint);
      },
      assertSame: (checkpoint, digest) => assertSameLines(file, checkpoint, digest),
    });
  }

  /** Whatever ends the run, the checkpoint is as far as the run came. */
  async #run(
    emission: FileEmission,
    source: ByteSource,
    resumeFrom: Checkpoint | null,
  ): Promise<EmissionResult> {
    let isDone = false;
    try {
      const result = await emission.run(readLines(source.chunks));
      isDone = result.failure === null && !this.#interrupted.aborted;
      return result;
    } finally {
      const { checkpoint } = emission;
      if (isDone) await this.#keeper.forget();
      else if (checkpoint.line > (resumeFrom?.line ?? 0)) await this.#keeper.save(checkpoint);
    }
  }

  /** @throws what stopped the emission. */
  #conclude(result: EmissionResult, elapsedMs: number): ExitCode {
    const { terminal } = this.#context;
    const interrupted = this.#interrupted;
    const { emittedCount, invalidCount, failure, line } = result;
    const seconds = (elapsedMs / 1_000).toFixed(1);
    const events = emittedCount === 1 ? "1 event" : `${groupDigits(emittedCount)} events`;
    terminal.note(`emitted ${events} in ${seconds} s`);
    if (invalidCount > 0) terminal.complain(`${invalidText(invalidCount)} and left out`);
    const isComplete = failure === null && !interrupted.aborted;
    if (!isComplete) terminal.complain(`stopped after line ${line}${this.#resumeHint()}`);
    if (failure !== null) throw failure.error;
    if (interrupted.aborted) return EXIT.interrupted;
    return invalidCount > 0 ? EXIT.partial : EXIT.ok;
  }

  #resumeHint(): string {
    return this.#options.file === "-" ? "" : "; the same command with --resume goes on from there";
  }

  #output({ name }: ByteSource, rejects: "replace" | "append"): EmissionOutput {
    const { terminal, output } = this.#context;
    const format = output ?? (terminal.isOutputTty ? "table" : "ndjson");
    const { rejectsPath } = this.#options;
    return new EmissionOutput({ terminal, format, name, rejectsPath, rejects });
  }
}

async function emitLine(
  emitter: Emitter<EventContracts>,
  { type, data, ...attributes }: LineEvent,
  mapping: LineMapping,
): Promise<LineEnd> {
  try {
    const event = { ...attributes, source: mapping.source };
    return { kind: "emitted", receipt: await emitter.emit(type, data, event) };
  } catch (error) {
    return endOfError(error, mapping);
  }
}

/** How much of a file has been read; null for what has no size. */
function shareRead(source: ByteSource, file: string): () => Promise<number | null> {
  const sizing = file === "-" ? Promise.resolve(null) : sizeOf(file);
  return async () => {
    const size = await sizing;
    return size === null ? null : source.bytesRead() / size;
  };
}

async function sizeOf(file: string): Promise<number | null> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  return size > 0 ? size : null;
}

function invalidText(count: number): string {
  return count === 1 ? "1 line is invalid" : `${groupDigits(count)} lines are invalid`;
}
