/** A command line that is not finished, read along the program that it is for. */
import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** What the words say so far. */
export interface ReadWords {
  /** The command that they name. */
  readonly command: CommandUnknownOpts;
  /** Its arguments. */
  readonly operands: readonly string[];
  /** Options that were given, with their last value; null where they have none. */
  readonly given: ReadonlyMap<Option, string | null>;
  /** Words that look like options and are none of the command's. */
  readonly unknown: readonly string[];
  /** The option whose value may follow; null: none. */
  readonly awaiting: Option | null;
  /** Whether its value has to follow. */
  readonly needsValue: boolean;
  /** Whether nothing that follows is an option: `--` has been said. */
  readonly isLiteral: boolean;
}

/** Reads words, the program's name left out. */
export function readWords(program: CommandUnknownOpts, words: readonly string[]): ReadWords {
  const reader = new WordReader(program);
  for (const word of words) reader.take(word);
  return reader;
}

/** Options that a command takes: its own, and those of the commands that it belongs to. */
export function optionsOf(command: CommandUnknownOpts): readonly Option[] {
  const inherited = command.parent === null ? [] : optionsOf(command.parent);
  return [...command.options, ...inherited];
}

/** Whether an option has a value. */
export function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** `--option=value`, split; null for anything else. */
export function splitOption(
  word: string,
): { readonly name: string; readonly value: string } | null {
  const [, name, value] = /^(--[^=]+)=(.*)$/su.exec(word) ?? [];
  return name === undefined || value === undefined ? null : { name, value };
}

class WordReader implements ReadWords {
  command: CommandUnknownOpts;
  readonly operands: string[] = [];
  readonly given = new Map<Option, string | null>();
  readonly unknown: string[] = [];
  awaiting: Option | null = null;
  needsValue = false;
  isLiteral = false;

  constructor(program: CommandUnknownOpts) {
    this.command = program;
  }

  take(word: string): void {
    if (this.isLiteral) this.operands.push(word);
    else if (this.awaiting !== null && (this.needsValue || !isDashed(word)))
      this.#takeValue(this.awaiting, word);
    else this.#takeOther(word);
  }

  #takeOther(word: string): void {
    this.awaiting = null;
    if (word === "--") this.isLiteral = true;
    else if (isDashed(word)) this.#takeOption(word);
    else this.#takeOperand(word);
  }

  #takeValue(option: Option, value: string): void {
    this.given.set(option, value);
    this.needsValue = false;
    if (!option.variadic) this.awaiting = null;
  }

  #takeOption(word: string): void {
    const { name, value } = splitOption(word) ?? { name: word, value: null };
    const option = optionsOf(this.command).find(
      ({ long, short }) => name === long || name === short,
    );
    if (option === undefined) {
      if (name.startsWith("--") && name !== "--help") this.unknown.push(name);
    } else if (value === null && takesValue(option)) {
      this.awaiting = option;
      this.needsValue = option.required;
    } else this.given.set(option, value);
  }

  #takeOperand(word: string): void {
    const { commands } = this.command;
    const isGroup = commands.length > 0 && this.operands.length === 0;
    const found = isGroup
      ? commands.find((one) => one.name() === word || one.aliases().includes(word))
      : undefined;
    if (found !== undefined) this.command = found;
    // `help` goes along the same tree.
    else if (!isGroup || word !== "help") this.operands.push(word);
  }
}

function isDashed(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}
