import { Command, Option } from "@commander-js/extra-typings";
import { addAppCommands } from "./commands/apps.ts";
import { addBreakerCommands } from "./commands/breaker.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addContractCommands } from "./commands/contracts.ts";
import { addDeadLetterCommands } from "./commands/dead-letters.ts";
import { addEventCommands } from "./commands/events.ts";
import { addGroupCommands } from "./commands/groups.ts";
import type { Registrar } from "./commands/registrar.ts";
import { addReplayCommands } from "./commands/replay.ts";
import { addStackCommands } from "./commands/stack.ts";
import { addTargetCommands } from "./commands/targets.ts";
import { addWhyCommand } from "./commands/why.ts";
import type { CommandContext } from "./context.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { OUTPUT_FORMATS } from "./output/document.ts";
import { Terminal, widthOf, type Verbosity } from "./output/terminal.ts";
import type { Surroundings } from "./surroundings.ts";

/** The command tree; actions load what they need when they run, so that `--help` is quick. */
export interface Program {
  readonly command: Command;
  /** How the command that ran ended. */
  readonly exitCode: () => ExitCode;
}

const EXIT_HELP = `
Exit codes: 0 ok, 1 error, 2 wrong use, 3 finished with some failures, 4 not found,
5 something must be there first, 130 interrupted.`;

/** Builds the tree for one command line. */
export function createProgram(surroundings: Surroundings): Program {
  const { stdout, stderr } = surroundings;
  const program = new Command("millrace")
    .description("Emit events once, deliver them to every target API over HTTP.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text.replace(/^error: /u, "millrace: ")),
      getOutHelpWidth: () => widthOf(stdout),
      getErrHelpWidth: () => widthOf(stderr),
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .addHelpText("after", EXIT_HELP);
  addGlobalOptions(program);
  let code: ExitCode = EXIT.ok;
  const registrar: Registrar = {
    program,
    async act(action) {
      const context = contextOf(program, surroundings);
      code = await action(context);
      if (context.terminal.hasOutputFailed) code = EXIT.error;
    },
  };
  addStackCommands(registrar);
  addContractCommands(registrar);
  addEventCommands(registrar);
  addTargetCommands(registrar);
  addBreakerCommands(registrar);
  addDeadLetterCommands(registrar);
  addReplayCommands(registrar);
  addWhyCommand(registrar);
  addGroupCommands(registrar);
  addAppCommands(registrar);
  addCompletionCommands(registrar);
  return { command: program, exitCode: () => code };
}

function addGlobalOptions(program: Command): void {
  program
    .version("0.1.0", "-V, --version", "print the version")
    .addOption(new Option("-o, --output <format>", "form of the output").choices(OUTPUT_FORMATS))
    .option("-c, --config <file>", "configuration (default: millrace.yaml where there is one)")
    .option("-q, --quiet", "say nothing but data, warnings and errors")
    .option("-v, --verbose", "say more")
    .option("--no-color", "no colour (NO_COLOR=1 does the same)")
    .option("--no-input", "never ask")
    .option("-y, --yes", "confirm whatever would be asked");
}

/** The root's options, whose types a plain `Command` does not carry. */
interface RootOptions {
  readonly output?: CommandContext["output"];
  readonly config?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
  readonly input?: boolean;
  readonly yes?: boolean;
}

function askingOf({ input, yes }: RootOptions): CommandContext["asking"] {
  if (yes === true) return "assume-yes";
  return input === false ? "never" : "ask";
}

function verbosityOf({ quiet, verbose }: RootOptions): Verbosity {
  if (quiet === true) return "quiet";
  return verbose === true ? "verbose" : "normal";
}

function contextOf(program: Command, surroundings: Surroundings): CommandContext {
  const options: RootOptions = program.opts();
  const { stdout, stderr, stdin, env, interrupts } = surroundings;
  const verbosity = verbosityOf(options);
  const colour = options.color === false ? "never" : "auto";
  return {
    terminal: new Terminal({ output: stdout, error: stderr, env, verbosity, colour }),
    output: options.output ?? null,
    configPath: options.config ?? null,
    env,
    input: stdin,
    asking: askingOf(options),
    interrupts,
  };
}
