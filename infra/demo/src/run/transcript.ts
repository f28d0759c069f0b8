import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { commandLine } from "./command-line.ts";
import { ROOT, startCommand, type CommandPlace } from "./command.ts";
import type { Display } from "./display.ts";

const FILE = "commands.txt";

/** What commands of a transcript run with. */
export interface TranscriptOptions extends CommandPlace {
  readonly configPath: string;
  readonly display: Display;
}

/** Commands that someone runs by hand: each is shown before it runs, and what it prints when it has ended. */
export class Transcript {
  readonly #options: TranscriptOptions;
  readonly #path: string;

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#path = join(options.folder, FILE);
  }

  /** Runs a command. @throws Error when it ends with another exit code than this. */
  async show(args: readonly string[], exitCode = 0): Promise<void> {
    const line = this.#withConfig(args);
    this.#options.display.say(`\n$ ${commandLine(line)}`);
    await this.#run(line, exitCode, this.#path);
  }

  /** Runs a command whose answer goes, as JSON, to a file of the folder. @throws Error when it fails. */
  async keep(args: readonly string[], file: string): Promise<void> {
    const line = this.#withConfig([...args, "-o", "json"]);
    const path = join(this.#options.folder, file);
    this.#options.display.say(`\n$ ${commandLine(line)} > ${relative(ROOT, path)}`);
    await this.#run(line, 0, path);
  }

  #withConfig(args: readonly string[]): readonly string[] {
    return [...args, "-c", relative(ROOT, this.#options.configPath)];
  }

  async #run(args: readonly string[], expected: number, outputPath: string): Promise<void> {
    const { display, signal } = this.#options;
    const start = existsSync(this.#path) ? statSync(this.#path).size : 0;
    const command = startCommand(this.#options, args, { outputPath, logPath: this.#path });
    const exitCode = await command.ended();
    signal.throwIfAborted();
    const printed = readFileSync(this.#path).subarray(start).toString().trimEnd();
    if (printed !== "") display.say(printed);
    if (exitCode !== 0) display.say(`(exit code ${exitCode})`);
    if (exitCode === expected) return;
    const ended = `ended with exit code ${exitCode}, not ${expected}`;
    throw new Error(`${commandLine(args)}: ${ended}:\n${printed}`);
  }
}
