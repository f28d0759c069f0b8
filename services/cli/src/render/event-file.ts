/** The event of `render --event`: an envelope and data as a producer would give them. */
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { jsonProblem, parseJson } from "../input/json.ts";
import type { Problem } from "../problem.ts";

/** An event as a producer says it; what is left out is made as by the emitter. */
export interface GivenEvent {
  readonly type: string;
  readonly data: unknown;
  readonly attributes: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, string>>;
}

/** What an event file may say of the envelope. */
const ATTRIBUTES = [
  "id",
  "source",
  "time",
  "subject",
  "key",
  "tenant",
  "traceparent",
  "tracestate",
] as const;

/** Fields that the other CloudEvents JSON forms have and that say nothing new. */
const IGNORED: ReadonlySet<string> = new Set(["specversion", "datacontenttype", "dataschema"]);

/**
 * Reads an event: `{type, data, id?, source?, time?, subject?, key?, ...}`, or a CloudEvent in JSON.
 * @throws CliError with everything that is wrong.
 */
export function readEvent(text: string, name: string): GivenEvent {
  const value = parse(text, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(name, [{ pointer: "", detail: "must be a JSON object with type and data" }]);
  }
  const problems: Problem[] = [];
  const attributes: Record<string, string> = {};
  const extensions: Record<string, string> = {};
  let type = "";
  let data: unknown = undefined;
  for (const [field, content] of Object.entries(value)) {
    if (field === "data") data = content;
    else if (IGNORED.has(field) || content === null) continue;
    else if (typeof content !== "string") {
      problems.push({ pointer: `/${field}`, detail: "must be a text" });
    } else if (field === "type") type = content;
    else if (ATTRIBUTES.some((known) => known === field)) attributes[field] = content;
    else extensions[field] = content;
  }
  if (type === "") problems.push({ pointer: "/type", detail: "is missing" });
  if (data === undefined) problems.push({ pointer: "/data", detail: "is missing" });
  if (problems.length > 0) throw invalid(name, problems);
  return { type, data, attributes, extensions };
}

function parse(text: string, name: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw invalid(name, [{ pointer: "", detail: jsonProblem(error) }]);
  }
}

function invalid(name: string, problems: readonly Problem[]): CliError {
  const lines = problems.map(({ pointer, detail }) => `\n  ${pointer} ${detail}`);
  return new CliError(EXIT.error, `${name} holds no event:${lines.join("")}`, {
    hint: 'write {"type": "users.ProfileUpdated", "data": {...}}',
  });
}
