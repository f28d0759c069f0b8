import type { Registrar } from "./registrar.ts";

const HELP = `
The worst cause comes first. Kafka is asked, and every process of the target for what it knows; with -o json the causes are
there for programs: kind, keys, since, evidence and what to do. Processes that ask for a token get MILLRACE_ADMIN_TOKEN.`;

/** `why`. */
export function addWhyCommand({ program, act }: Registrar): void {
  program
    .command("why")
    .description("say why events of a target wait, and what to do")
    .argument("<target>", "the target's name")
    .addHelpText("after", HELP)
    .action((target) =>
      act(async (context) => (await import("../actions/why.ts")).why(context, target)),
    );
}
