import { safeText } from "./safe-text.ts";

/** A column: its heading, and the cell of an item. */
export interface Column<Item> {
  readonly name: string;
  readonly cell: (item: Item) => string;
  readonly align?: "left" | "right";
  /** Styles the cell's text, which holds no control characters by then. */
  readonly paint?: (text: string, item: Item) => string;
}

/** No borders: what is aligned can be read by people and by `awk` alike. */
const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Items as aligned text, a heading first; ended by a line feed. */
export async function tableText<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const table = new Table({
    head: columns.map(({ name }) => name.toUpperCase()),
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const item of items) {
    table.push(columns.map((column) => cellOf(column, item)));
  }
  const lines = table.toString().split("\n");
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function cellOf<Item>({ cell, paint }: Column<Item>, item: Item): string {
  const text = safeText(cell(item));
  return paint === undefined ? text : paint(text, item);
}
