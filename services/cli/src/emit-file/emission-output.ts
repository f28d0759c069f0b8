import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import type { Receipt } from "@millrace/emitter";
import { CliError, reasonOf } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Problem } from "../problem.ts";
import type { SourceLine } from "../input/lines.ts";
import type { OutputFormat } from "../output/document.ts";
import { itemStream, type ItemStream } from "../output/item-stream.ts";
import { groupDigits } from "../output/progress.ts";
import { safeText } from "../output/safe-text.ts";
import { tableText, type Column } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import { receiptItem, type ReceiptItem } from "../receipt-item.ts";

/** What of an emission goes where. */
export interface EmissionOutputOptions {
  readonly terminal: Terminal;
  readonly format: OutputFormat;
  /** As messages name the lines' source. */
  readonly name: string;
  /** Where lines that are left out are written as they are; null: nowhere. */
  readonly rejectsPath: string | null;
  /** A resumed run adds to what the first one wrote. */
  readonly rejects: "replace" | "append";
}

interface TypeCount {
  readonly type: string;
  readonly topic: string;
  events: number;
}

const COLUMNS: readonly Column<TypeCount>[] = [
  { name: "type", cell: ({ type }) => type },
  { name: "topic", cell: ({ topic }) => topic },
  { name: "events", cell: ({ events }) => groupDigits(events), align: "right" },
];

/** Prints receipts as they come (the table: their count by type, at the end) and tells what is wrong with lines. */
export class EmissionOutput {
  readonly #options: EmissionOutputOptions;
  readonly #stream: ItemStream<ReceiptItem> | null;
  readonly #counts = new Map<string, TypeCount>();
  readonly #rejects: WriteStream | null;
  #rejectsError: Error | null = null;

  constructor(options: EmissionOutputOptions) {
    this.#options = options;
    const { terminal, format, rejectsPath, rejects } = options;
    this.#stream = format === "table" ? null : itemStream(terminal, "EmittedEvents", format);
    const flags = rejects === "append" ? "a" : "w";
    this.#rejects = rejectsPath === null ? null : createWriteStream(rejectsPath, { flags });
    this.#rejects?.on("error", (error) => (this.#rejectsError = error));
  }

  /** @throws CliError when rejected lines cannot be written: going on would lose them. */
  receipt(receipt: Receipt): void {
    this.#assertRejectsKept();
    this.#stream?.item(receiptItem(receipt));
    const { type, topic } = receipt;
    const known = this.#counts.get(type);
    if (known === undefined) this.#counts.set(type, { type, topic, events: 1 });
    else known.events += 1;
  }

  /** Tells all that is wrong with a line, and keeps the line where that was asked for. */
  invalid({ number, text }: SourceLine, problems: readonly Problem[]): void {
    const { terminal, name } = this.#options;
    terminal.progress("");
    for (const { pointer, detail } of problems) {
      const where = pointer === "" ? "" : `${pointer} `;
      terminal.complain(safeText(`${name}:${number}: ${where}${detail}`));
    }
    if (text !== null) this.#rejects?.write(`${text}\n`);
  }

  /** Ends what was printed. @throws CliError when rejected lines could not be written. */
  async end(): Promise<void> {
    this.#stream?.end();
    if (this.#stream === null && this.#counts.size > 0) {
      this.#options.terminal.write(await tableText([...this.#counts.values()], COLUMNS));
    }
    if (this.#rejects === null) return;
    this.#rejects.end();
    if (this.#rejectsError === null && !this.#rejects.closed) await once(this.#rejects, "close");
    this.#assertRejectsKept();
  }

  #assertRejectsKept(): void {
    const error = this.#rejectsError;
    if (error === null) return;
    const message = `cannot write the rejected lines to ${this.#options.rejectsPath ?? ""}: ${reasonOf(error)}`;
    throw new CliError(EXIT.error, message, { cause: error });
  }
}
