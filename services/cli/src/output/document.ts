/** What machines read: `{apiVersion, kind, items}`, as JSON or YAML; streams are one item a line. */
import { jsonLine } from "./safe-text.ts";

/** Changes when the shape of any item changes incompatibly. */
export const API_VERSION = "millrace/v1";

/** How output is written. */
export const OUTPUT_FORMATS = ["table", "json", "ndjson", "yaml"] as const;

/** One of the output formats. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** A list of things of one kind. */
export interface Document<Item extends object> {
  /** Such as `InitPlan`; never changes its meaning. */
  readonly kind: string;
  readonly items: readonly Item[];
}

/** The document in a format for machines, ended by a line feed. */
export async function documentText<Item extends object>(
  { kind, items }: Document<Item>,
  format: Exclude<OutputFormat, "table">,
): Promise<string> {
  switch (format) {
    case "ndjson":
      return items.map((item) => `${jsonLine(item)}\n`).join("");
    case "json":
      return `${JSON.stringify({ apiVersion: API_VERSION, kind, items }, null, 2)}\n`;
    case "yaml": {
      const { stringify } = await import("yaml");
      return stringify({ apiVersion: API_VERSION, kind, items });
    }
  }
}
