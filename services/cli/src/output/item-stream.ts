import { API_VERSION, type OutputFormat } from "./document.ts";
import { jsonLine } from "./safe-text.ts";
import type { Terminal } from "./terminal.ts";

/** Writes items as they come, so that a long run prints in bounded memory. */
export interface ItemStream<Item extends object> {
  item(item: Item): void;
  /** Writes what closes the document; nothing may follow. */
  end(): void;
}

/** A document `{apiVersion, kind, items}` whose items are not known yet; `ndjson` has the items alone. */
export function itemStream<Item extends object>(
  terminal: Terminal,
  kind: string,
  format: Exclude<OutputFormat, "table">,
): ItemStream<Item> {
  switch (format) {
    case "ndjson":
      return { item: (item) => terminal.write(`${jsonLine(item)}\n`), end: () => undefined };
    case "json":
      return jsonStream(terminal, kind);
    case "yaml":
      return yamlStream(terminal, kind);
  }
}

function jsonStream<Item extends object>(terminal: Terminal, kind: string): ItemStream<Item> {
  let separator = `{"apiVersion":"${API_VERSION}","kind":"${kind}","items":[\n`;
  return {
    item(item) {
      terminal.write(separator + jsonLine(item));
      separator = ",\n";
    },
    end: () => terminal.write(separator === ",\n" ? "\n]}\n" : `${separator}]}\n`),
  };
}

/** Flow style inside: JSON is YAML. */
function yamlStream<Item extends object>(terminal: Terminal, kind: string): ItemStream<Item> {
  let head = `apiVersion: ${API_VERSION}\nkind: ${kind}\nitems:`;
  return {
    item(item) {
      if (head !== "") terminal.write(`${head}\n`);
      head = "";
      terminal.write(`  - ${jsonLine(item)}\n`);
    },
    end: () => {
      if (head !== "") terminal.write(`${head} []\n`);
    },
  };
}
