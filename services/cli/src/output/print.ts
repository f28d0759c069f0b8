import type { CommandContext } from "../context.ts";
import { documentText, type Document } from "./document.ts";
import { tableText, type Column } from "./table.ts";

/** Prints a document: as a table unless `--output` says otherwise. A table of nothing is nothing. */
export async function print<Item extends object>(
  { terminal, output }: CommandContext,
  document: Document<Item>,
  columns: readonly Column<Item>[],
): Promise<void> {
  if (output !== null && output !== "table") {
    terminal.write(await documentText(document, output));
  } else if (document.items.length > 0) {
    terminal.write(await tableText(document.items, columns));
  }
}
