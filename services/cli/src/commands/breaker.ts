import type { Registrar } from "./registrar.ts";

const RESET_HELP = `
An open breaker asks its target again by itself, when its time has come (breaker.halfOpenAfter); this has it ask now, in every
process of the target. Answered, it goes on with one call at a time, doubled each second; not answered, it stays open.`;

/** `breaker`. */
export function addBreakerCommands({ program, act }: Registrar): void {
  const breaker = program
    .command("breaker")
    .description("the breakers that leave failing targets alone");
  breaker
    .command("reset")
    .description("ask a target that a breaker leaves alone again now")
    .argument("<target>", "its name")
    .option("--reason <text>", "why, for whoever looks", "reset")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .addHelpText("after", RESET_HELP)
    .action((name, options) =>
      act(async (context) => {
        const { breakerReset } = await import("../actions/breaker-reset.ts");
        return breakerReset(context, { name, ...options });
      }),
    );
}
