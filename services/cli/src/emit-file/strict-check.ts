import { createEncoder, type Catalog } from "@millrace/schemas";
import type { LineEvent, LineMapping, LineReader } from "../input/event-line.ts";
import type { Problem } from "../problem.ts";
import type { SourceLine } from "../input/lines.ts";
import { endOfError } from "./line-end.ts";

/** What a check needs to know of the lines. */
export interface CheckParts {
  readonly reader: LineReader;
  readonly mapping: LineMapping;
  readonly catalog: Catalog;
  readonly onInvalid: (line: SourceLine, problems: readonly Problem[]) => void;
  readonly interrupted: AbortSignal;
}

/** Checks every line against the catalogue's schemas, sends nothing; resolves to how many are invalid. */
export async function checkLines(
  lines: AsyncIterable<SourceLine>,
  parts: CheckParts,
): Promise<number> {
  const { reader, onInvalid, interrupted } = parts;
  const problemsOf = eventChecker(parts);
  let invalidCount = 0;
  for await (const line of lines) {
    if (interrupted.aborted) break;
    const read = reader.read(line);
    if (read.kind === "blank") continue;
    const problems = read.kind === "invalid" ? read.problems : problemsOf(read.event);
    if (problems.length === 0) continue;
    invalidCount += 1;
    onInvalid(line, problems);
  }
  return invalidCount;
}

function eventChecker({ catalog, mapping }: CheckParts): (event: LineEvent) => readonly Problem[] {
  // Encoding needs ids; any will do, since nothing is sent.
  const ids = new Map([...catalog.types.keys()].map((type) => [type, 0]));
  const encoder = createEncoder(catalog, ids);
  return (event) => {
    try {
      encoder.encode({ ...event, source: mapping.source });
      return [];
    } catch (error) {
      const end = endOfError(error, mapping);
      if (end.kind === "invalid") return end.problems;
      throw error;
    }
  };
}
