import { jsonLine, safeText } from "../output/safe-text.ts";
import type { ItemStream } from "../output/item-stream.ts";
import type { Terminal } from "../output/terminal.ts";
import { isPoison, type TailItem } from "./tail-item.ts";

/** The cells before the data, with their widths; what is longer is cut. */
const WIDTHS = [14, 10, 12, 18] as const;

/** Events as lines of a table that grows; the data is cut to the terminal's width. Times are UTC. */
export function tailLines(terminal: Terminal): ItemStream<TailItem> {
  const head = lineOf(["TIME", "OFFSET", "KEY", "TYPE"], "DATA");
  let isHeadless = true;
  return {
    item(item) {
      if (isHeadless) terminal.write(`${terminal.paint("bold", head, "output")}\n`);
      isHeadless = false;
      const line = itemLine(item);
      const text = terminal.isOutputTty ? cut(line, terminal.columns) : line;
      terminal.write(`${isPoison(item) ? terminal.paint("red", text, "output") : text}\n`);
    },
    end: () => undefined,
  };
}

function itemLine(item: TailItem): string {
  const time = item.timestamp.slice("2026-".length, "2026-11-25T10:20:57".length).replace("T", " ");
  const cells = [time, `${item.partition}:${item.offset}`, item.key ?? "-"];
  if (isPoison(item)) return lineOf([...cells, item.error.code], item.error.detail);
  const data = typeof item.data === "object" && item.data !== null ? jsonLine(item.data) : "null";
  return lineOf([...cells, item.type.slice(item.type.lastIndexOf(".") + 1)], data);
}

function lineOf(cells: readonly string[], rest: string): string {
  const padded = cells.map((cell, index) => {
    const width = WIDTHS[index] ?? 0;
    return cut(safeText(cell), width).padEnd(width);
  });
  return `${padded.join("  ")}  ${safeText(rest)}`;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}
