import type { Registrar } from "./registrar.ts";

const PAUSE_HELP = `
Nothing is sent to a paused target; what is in flight ends, and nothing is lost: it waits. Every process of the target follows
within two seconds, and so does one that starts later. It stands until somebody resumes the target.`;

const RESUME_HELP = `
Ends every pause of the target: people's, and the one of the guard that found too many dead letters.`;

/** `targets`. */
export function addTargetCommands({ program, act }: Registrar): void {
  const targets = program
    .command("targets")
    .description("the targets, and whether they are paused");
  targets
    .command("list")
    .description("show every target, and who paused it")
    .action(() =>
      act(async (context) => (await import("../actions/targets-list.ts")).targetsList(context)),
    );
  targets
    .command("describe")
    .description("show how a target is delivered to, and who paused it")
    .argument("<target>", "its name")
    .action((name) =>
      act(async (context) => {
        const { targetsDescribe } = await import("../actions/targets-describe.ts");
        return targetsDescribe(context, name);
      }),
    );
  addSteering({ program: targets, act });
}

function addSteering({ program: targets, act }: Registrar): void {
  targets
    .command("pause")
    .description("send nothing to a target until it is resumed")
    .argument("<target>", "its name")
    .requiredOption("--reason <text>", "why, for whoever looks")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .addHelpText("after", PAUSE_HELP)
    .action((name, options) =>
      act(async (context) => {
        const { targetsPause } = await import("../actions/targets-pause.ts");
        return targetsPause(context, { name, ...options });
      }),
    );
  targets
    .command("resume")
    .description("let a paused target go on")
    .argument("<target>", "its name")
    .option("--reason <text>", "why, for whoever looks", "resumed")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .addHelpText("after", RESUME_HELP)
    .action((name, options) =>
      act(async (context) => {
        const { targetsResume } = await import("../actions/targets-resume.ts");
        return targetsResume(context, { name, ...options });
      }),
    );
}
