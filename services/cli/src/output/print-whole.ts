import type { CommandContext } from "../context.ts";
import type { API_VERSION, OutputFormat } from "./document.ts";
import { jsonLine } from "./safe-text.ts";

/** A document that says more than its items do. */
export interface WholeDocument {
  readonly apiVersion: typeof API_VERSION;
  /** Such as `ReplayPlan`; never changes its meaning. */
  readonly kind: string;
  readonly items: readonly object[];
}

/** Prints a document: as JSON and YAML all of it, as NDJSON its items, else what `text` makes of it for people. */
export async function printWhole(
  { terminal, output }: Pick<CommandContext, "output" | "terminal">,
  document: WholeDocument,
  text: () => Promise<string>,
): Promise<void> {
  terminal.write(
    output === null || output === "table" ? await text() : await textIn(output, document),
  );
}

async function textIn(
  format: Exclude<OutputFormat, "table">,
  document: WholeDocument,
): Promise<string> {
  switch (format) {
    case "json":
      return `${JSON.stringify(document, null, 2)}\n`;
    case "ndjson":
      return document.items.map((item) => `${jsonLine(item)}\n`).join("");
    case "yaml": {
      const { stringify } = await import("yaml");
      return stringify(document);
    }
  }
}
