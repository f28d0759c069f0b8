import { CliError, reasonOf } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { parsePosition } from "../position.ts";
import type { Registrar } from "./registrar.ts";

const HELP = `
Of a target: why its events wait. The worst cause comes first; with -o json the causes are there for programs: kind, keys, since,
evidence and what to do.

Of an event: one story over all targets that read its topic: when it was produced, what it waited behind, every attempt, how it
ended, and what was done to it since. An id of several records has several stories. The journal is asked where an id stands, then
the dead letters, then the log: from when a UUIDv7 was made on, else its newest records; --from searches from there to the end.

Kafka is asked, and every process for what it knows. Processes that ask for a token get MILLRACE_ADMIN_TOKEN.

Examples:
  millrace why crm
  millrace why 0199f3c2-7c1e-7b6a-9d3e-2f4a5b6c7d8e
  millrace why orders:3:1042 -o json`;

/** `why`. */
export function addWhyCommand({ program, act }: Registrar): void {
  program
    .command("why")
    .description("say why events of a target wait, or what became of an event")
    .argument("<target-or-event>", "a target, an event's id, or topic:partition:offset")
    .option("--from <position>", "search the log for the id from there: earliest, -2h, @<time>")
    .addHelpText("after", HELP)
    .action((what, flags) =>
      act(async (context) => {
        const from = timeOf(flags.from);
        return (await import("../actions/why.ts")).why(context, { what, from });
      }),
    );
}

/** Epoch ms; null where nothing is given. */
function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const position = positionOf(text);
  if (position.kind === "earliest") return 0;
  if (position.kind === "time") return position.epochMs;
  const message = `why: --from '${text}': all topics are searched, so it takes earliest or a time`;
  throw new CliError(EXIT.usage, message);
}

function positionOf(text: string): ReturnType<typeof parsePosition> {
  try {
    return parsePosition(text, Date.now());
  } catch (error) {
    throw new CliError(EXIT.usage, `why: --from ${reasonOf(error)}`, { cause: error });
  }
}
