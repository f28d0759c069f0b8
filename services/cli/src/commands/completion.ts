import { Argument } from "@commander-js/extra-typings";
import type { Registrar } from "./registrar.ts";

const HELP = `
Commands, options, their choices, files, and the names of targets, topics and event types, which come from --config, else from
millrace.yaml in the current folder. No server is asked. A configuration that does not hold offers no names.

Examples:
  source <(millrace completion bash)                                    in ~/.bashrc
  millrace completion zsh > "\${fpath[1]}/_millrace"                     then start zsh anew
  millrace completion fish > ~/.config/fish/completions/millrace.fish`;

/** `completion`, and the hidden command that its scripts ask. */
export function addCompletionCommands({ program, act }: Registrar): void {
  program
    .command("completion")
    .description("print a script that has a shell complete command lines")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"] as const))
    .addHelpText("after", HELP)
    .action((shell) =>
      act(async (context) => (await import("../actions/completion.ts")).completion(context, shell)),
    );
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action((words) =>
      act(async (context) => {
        const { complete } = await import("../actions/complete.ts");
        return complete(context, { program, words });
      }),
    );
}
