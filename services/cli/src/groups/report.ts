import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";
import { documentText, type Document, type OutputFormat } from "../output/document.ts";
import { print } from "../output/print.ts";
import { tableText, type Column } from "../output/table.ts";

/** What one look at groups gives. */
export interface Report<Item extends object> {
  /** When, RFC 3339. */
  readonly at: string;
  readonly document: Document<Item>;
  readonly columns: readonly Column<Item>[];
  /** Told beside the data, in one line. */
  readonly note: string;
  /** What is wrong, a line each. */
  readonly complaints: readonly string[];
  readonly exitCode: ExitCode;
}

/** Formats in which one report may follow another. */
export type StreamFormat = Exclude<OutputFormat, "json">;

/** Prints a report, once. */
export async function printReport<Item extends object>(
  context: CommandContext,
  { document, columns, note, complaints, exitCode }: Report<Item>,
): Promise<ExitCode> {
  await print(context, document, columns);
  context.terminal.note(note);
  for (const complaint of complaints) context.terminal.complain(complaint);
  return exitCode;
}

/** A report as lines of a screen. */
export async function screenLines<Item extends object>(
  { document, columns, note, complaints }: Report<Item>,
  title: string,
): Promise<readonly string[]> {
  const table = await tableText(document.items, columns);
  return [title, ...table.trimEnd().split("\n"), note, ...complaints];
}

/** A report as one of many that follow one another. */
export async function streamText<Item extends object>(
  { document, columns }: Report<Item>,
  format: StreamFormat,
): Promise<string> {
  switch (format) {
    case "table":
      return `${await tableText(document.items, columns)}\n`;
    case "ndjson":
      return documentText(document, format);
    case "yaml":
      return `---\n${await documentText(document, format)}`;
  }
}
