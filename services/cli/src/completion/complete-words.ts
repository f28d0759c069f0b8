/**
 * What may follow on a command line. All of it is told by the program: its commands, options, choices, and the names of
 * values: one that is called `target` is a target, whatever command takes it.
 */
import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { isApp } from "../app.ts";
import { optionsOf, readWords, splitOption, takesValue, type ReadWords } from "./read-words.ts";

/** One word that may follow. */
export interface Candidate {
  readonly word: string;
  /** May be empty. */
  readonly description: string;
}

/** What may follow: these words, or a file, which the shell knows best. */
export type Completion =
  | { readonly kind: "words"; readonly candidates: readonly Candidate[] }
  | { readonly kind: "files" };

/** Names that a configuration has. */
export interface KnownNames {
  readonly targets: readonly string[];
  readonly topics: readonly string[];
  /** Event types. */
  readonly types: readonly string[];
}

/** What is completed. */
export interface CompletionRequest {
  readonly program: CommandUnknownOpts;
  /** Without the program's name; the last one is what is being written, and may be empty. */
  readonly words: readonly string[];
  /** The names of the configuration that the words choose; null: none is chosen. Asked only where names are needed. */
  readonly names: (configPath: string | null) => Promise<KnownNames>;
}

/** What a value is, by the first part of its name: of `target-or-event` a target. */
const VALUE_KINDS: ReadonlyMap<string, keyof KnownNames | "files"> = new Map([
  ["target", "targets"],
  ["topic", "topics"],
  ["type", "types"],
  ["file", "files"],
  ["path", "files"],
  ["folder", "files"],
  ["plan", "files"],
]);

const NOTHING: Completion = { kind: "words", candidates: [] };

/** The candidates begin with what is being written; in the order of the program's help. */
export async function completeWords(request: CompletionRequest): Promise<Completion> {
  const { program, words } = request;
  const current = words.at(-1) ?? "";
  const read = readWords(program, words.slice(0, -1));
  // What an app takes is its own; a file is the best guess.
  if (isApp(read.command.name())) return { kind: "files" };
  const value = valueAt(read, current);
  if (value !== null) return valuesOf(value, current, () => request.names(configOf(read)));
  if (!read.isLiteral && current.startsWith("-")) return matching(optionCandidates(read), current);
  const commands = read.operands.length === 0 ? commandCandidates(read.command) : [];
  if (commands.length > 0) return matching(commands, current);
  return current === "" && !read.isLiteral ? matching(optionCandidates(read), "") : NOTHING;
}

/** A value that stands where the current word does. */
interface ExpectedValue {
  readonly name: string;
  readonly choices: readonly string[];
  /** What stands before it in the same word. */
  readonly head: string;
}

function valueAt(read: ReadWords, current: string): ExpectedValue | null {
  const { awaiting, needsValue, isLiteral, command, operands } = read;
  if (awaiting !== null && (needsValue || !current.startsWith("-")))
    return optionValue(awaiting, "");
  if (!isLiteral && current.startsWith("-")) {
    const name = splitOption(current)?.name;
    const option = optionsOf(command).find(({ long }) => long === name);
    return option === undefined || !takesValue(option) ? null : optionValue(option, `${name}=`);
  }
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  const argument = all[operands.length] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? null : argumentValue(argument);
}

function optionValue({ flags, argChoices = [] }: Option, head: string): ExpectedValue {
  const [, name = ""] = /[<[]([a-z-]+)/u.exec(flags) ?? [];
  return { name, choices: argChoices, head };
}

function argumentValue(argument: Argument): ExpectedValue {
  return { name: argument.name(), choices: argument.argChoices ?? [], head: "" };
}

async function valuesOf(
  { name, choices, head }: ExpectedValue,
  current: string,
  namesOf: () => Promise<KnownNames>,
): Promise<Completion> {
  const kind = VALUE_KINDS.get(name.split("-")[0] ?? "");
  if (choices.length === 0 && kind === "files") return { kind: "files" };
  const isNamed = choices.length === 0 && kind !== undefined && kind !== "files";
  const values = isNamed ? (await namesOf())[kind] : choices;
  const candidates = values.map((value) => ({ word: `${head}${value}`, description: "" }));
  return matching(candidates, current);
}

/** The option that every command takes from the program itself. */
function configOf({ given }: ReadWords): string | null {
  const [, path] = [...given].find(([{ long }]) => long === "--config") ?? [];
  return path ?? null;
}

function commandCandidates(command: CommandUnknownOpts): readonly Candidate[] {
  if (command.commands.length === 0) return [];
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((one) => ({ word: one.name(), description: one.description() }));
}

/** Options that may still be given. */
function optionCandidates({ command, given }: ReadWords): readonly Candidate[] {
  const help = command.createHelp();
  const visible = [...help.visibleOptions(command), ...inheritedOptions(command)];
  return visible
    .filter((option) => isRepeatable(option) || !given.has(option))
    .flatMap(({ long, description }) => (long === undefined ? [] : [{ word: long, description }]));
}

/** What is gathered begins with an empty list. */
function isRepeatable({ variadic, defaultValue }: Option): boolean {
  return variadic || Array.isArray(defaultValue);
}

function inheritedOptions(command: CommandUnknownOpts): readonly Option[] {
  return command.createHelp().visibleGlobalOptions(command);
}

function matching(candidates: readonly Candidate[], current: string): Completion {
  return { kind: "words", candidates: candidates.filter(({ word }) => word.startsWith(current)) };
}
