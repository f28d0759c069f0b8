/** `--filter`: CEL over an event, exactly as a target's filter, and checked against the topic's schemas like one. */
import { readFile } from "node:fs/promises";
import { loadConfig, type TargetConfig, type TargetFilter } from "@millrace/config";
import { MillraceError } from "@millrace/engine";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";

/** A configuration with this filter and nothing else to it. */
const NAME = "--filter";

/** Which events a filter is for. */
export interface FilteredEvents {
  readonly topics: readonly string[];
  readonly catalogPath: string;
  /** With `derive` there may be events of types that the catalogue does not have. Default: `require`. */
  readonly envelope?: TargetConfig["input"]["envelope"];
}

/**
 * Compiles a filter for the events of topics.
 * @throws CliError with all that is wrong with it.
 */
export async function compileFilter(
  source: string,
  { topics, catalogPath, envelope = "require" }: FilteredEvents,
): Promise<TargetFilter> {
  const target = {
    topics,
    input: { envelope },
    startAt: "latest",
    filter: source,
    request: { method: "GET", url: "http://localhost/" },
  };
  const text = JSON.stringify({
    apiVersion: "millrace/v1",
    catalog: catalogPath,
    targets: { tail: target },
  });
  const files = {
    read: (path: string) => (path === NAME ? Promise.resolve(text) : readFile(path, "utf8")),
    list: () => Promise.resolve([]),
    load: () => Promise.reject(new Error("a filter loads no module")),
  };
  try {
    const { targets } = await loadConfig(NAME, { env: {}, files });
    const filter = targets.get("tail")?.filter;
    if (filter !== undefined) return filter;
  } catch (error) {
    throw refused(error);
  }
  throw new CliError(EXIT.usage, `${NAME}: it cannot be used here`);
}

function refused(error: unknown): unknown {
  if (!(error instanceof MillraceError) || error.code !== "CONFIG_INVALID") return error;
  const { problems } = error.details;
  const lines = Array.isArray(problems) ? problems.map((problem) => lineOf(problem)) : [];
  return new CliError(EXIT.usage, `${NAME} does not hold:\n  ${lines.join("\n  ")}`, {
    cause: error,
    hint: "write CEL over event.type, event.id, event.key, event.data...; it gives true or false",
  });
}

function lineOf(problem: unknown): string {
  if (typeof problem !== "object" || problem === null || !("message" in problem)) return "";
  const hint = "hint" in problem ? ` (${String(problem.hint)})` : "";
  return `${String(problem.message)}${hint}`;
}
