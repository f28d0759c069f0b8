import type { Registrar } from "./registrar.ts";
import { addEmitCommand } from "./emit.ts";
import { addTailCommand } from "./tail.ts";

/** `emit`, `tail`, `render`. */
export function addEventCommands(registrar: Registrar): void {
  addEmitCommand(registrar);
  addTailCommand(registrar);
  addRenderCommand(registrar);
}

const RENDER_HELP = `
The event is a JSON object {"type", "data", "id"?, "source"?, "time"?, "subject"?, "key"?}, or a CloudEvent in JSON.
No broker, registry or target is asked, and secret files are not read.`;

function addRenderCommand({ program, act }: Registrar): void {
  program
    .command("render")
    .description("show the call that a target would get for an event; secrets masked, offline")
    .argument("<target>", "a target of the configuration")
    .requiredOption("-e, --event <file>", "the event; - for standard input")
    .addHelpText("after", RENDER_HELP)
    .action((target, { event }) =>
      act(async (context) => {
        const { render } = await import("../actions/render.ts");
        return render(context, { target, event });
      }),
    );
}
