import type { CommandContext } from "../context.ts";
import { CliError } from "../cli-error.ts";
import type { EmitFileOptions } from "../actions/emit-file.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { LineMapping } from "../input/event-line.ts";
import type { Registrar } from "./registrar.ts";

/** The `source` of events that name none. */
const DEFAULT_SOURCE = "urn:millrace:cli";

const EXAMPLES = `
Examples:
  millrace emit users.PasswordChanged --data '{"userId":"u1","changedAt":1767225600000}'
  millrace emit --file flights-2013-01.ndjson.gz --source urn:example:tower
  zcat events.gz | millrace emit --file - --strict

A line is a JSON object: its fields 'type' and 'time' become the envelope, the rest is the data. A line's id is a UUIDv5
of source, line number and text, so the same file emitted again repeats the same events. Lines that are invalid are told
with number and JSON pointer and left out (exit code 3); --strict checks all of them before anything is emitted.`;

/** Defines `emit`. */
export function addEmitCommand({ program, act }: Registrar): void {
  program
    .command("emit")
    .description("emit one event, or a file of them, and wait until the brokers have them")
    .argument("[type]", "event type, such as users.ProfileUpdated or ProfileUpdated")
    .option("-d, --data <json>", "the event's data: JSON, @file, or - for standard input")
    .option("-f, --file <path>", "NDJSON, plain or gzip, one event a line; - for standard input")
    .option("-s, --source <uri>", `who says it (default: ${DEFAULT_SOURCE})`)
    .option("-k, --key <key>", "record key (default: the catalogue's key field of the data)")
    .option("--id <id>", "the event's id (default: a new UUIDv7)")
    .option("--time <rfc3339>", "when it happened (default: now)")
    .option("--subject <subject>", "what it is about")
    .option("--type-field <name>", "with --file: the line's field with the type (default: type)")
    .option("--time-field <name>", "with --file: the field with the time (default: time)")
    .option("--key-field <name>", "with --file: the field that is the key; it stays in the data")
    .option("--strict", "with --file: emit nothing when any line is invalid")
    .option("--rejects <path>", "with --file: write lines that are left out there, as they are")
    .option("--resume", "with --file: go on where this file's emission was interrupted")
    .addHelpText("after", EXAMPLES)
    .action((type, options) => act((context) => emit(context, type ?? null, options)));
}

interface EmitFlags {
  readonly data?: string;
  readonly file?: string;
  readonly source?: string;
  readonly key?: string;
  readonly id?: string;
  readonly time?: string;
  readonly subject?: string;
  readonly typeField?: string;
  readonly timeField?: string;
  readonly keyField?: string;
  readonly strict?: true;
  readonly rejects?: string;
  readonly resume?: true;
}

const FILE_ONLY = ["typeField", "timeField", "keyField", "strict", "rejects", "resume"] as const;
const ONE_ONLY = ["data", "key", "id", "time", "subject"] as const;

async function emit(
  context: CommandContext,
  type: string | null,
  flags: EmitFlags,
): Promise<ExitCode> {
  const source = flags.source ?? DEFAULT_SOURCE;
  if (flags.file !== undefined) {
    refuse(flags, ONE_ONLY, "cannot go with --file");
    const { emitFile } = await import("../actions/emit-file.ts");
    const mapping = mappingOf(type, source, flags);
    return emitFile(context, { ...fileOptions(flags, flags.file), mapping });
  }
  refuse(flags, FILE_ONLY, "goes with --file only");
  if (type === null) throw usage("name an event type, or a file with --file");
  if (flags.data === undefined) throw usage("--data is missing: JSON, @file, or -");
  const { data, key, id, time, subject } = flags;
  const { emitOne } = await import("../actions/emit-one.ts");
  return emitOne(context, { type, data, source, key, id, time, subject });
}

function fileOptions(flags: EmitFlags, file: string): Omit<EmitFileOptions, "mapping"> {
  const isResumed = flags.resume === true;
  if (isResumed && file === "-") throw usage("--resume needs a file: standard input is gone");
  return {
    file,
    invalidLines: flags.strict === true ? "check-first" : "leave-out",
    begins: isResumed ? "where-interrupted" : "anew",
    rejectsPath: flags.rejects ?? null,
  };
}

/** A type on the command line is every line's, and the lines then need no field for it. An empty name is no field. */
function mappingOf(type: string | null, source: string, flags: EmitFlags): LineMapping {
  if (type !== null && flags.typeField !== undefined) {
    throw usage("give an event type or --type-field, not both");
  }
  const field = (name: string | undefined, usual: string | null): string | null =>
    name === "" ? null : (name ?? usual);
  const typeField = type === null ? field(flags.typeField, "type") : null;
  if (type === null && typeField === null) throw usage("--type-field needs a name");
  return {
    type,
    typeField,
    timeField: field(flags.timeField, "time"),
    keyField: field(flags.keyField, null),
    source,
  };
}

function refuse(flags: EmitFlags, names: readonly (keyof EmitFlags)[], why: string): void {
  const name = names.find((one) => flags[one] !== undefined);
  if (name === undefined) return;
  throw usage(`--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)} ${why}`);
}

function usage(message: string): CliError {
  return new CliError(EXIT.usage, `emit: ${message}`, { hint: "see millrace emit --help" });
}
