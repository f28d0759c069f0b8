import type { TargetConfig } from "@millrace/config";
import { causeText, diagnose, type Cause } from "@millrace/diagnosis";
import { nearest } from "@millrace/schemas";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import { jsonLine, safeText } from "../output/safe-text.ts";
import { loadWithoutTargetSecrets, type Settings } from "../settings.ts";
import { gatherFacts } from "../why/gather-facts.ts";

/** Who is asked about. */
export interface WhyOptions {
  /** A target's name, an event's id, or `<topic>:<partition>:<offset>`. */
  readonly what: string;
  /** Epoch ms to search the logs from for an event; null: they are where nothing else knows it. */
  readonly from: number | null;
}

/** Says why events of a target wait, or what became of an event. */
export async function why(context: CommandContext, { what, from }: WhyOptions): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = settings.targets.get(what);
  if (target !== undefined) return whyTarget(context, settings, target);
  // An id that is almost a target's name is a slip of the hand, unless it is searched for on purpose.
  if (from === null) refuseAlmostTarget(what, settings);
  const { whyEvent } = await import("./why-event.ts");
  return whyEvent(context, settings, { id: what, from });
}

function refuseAlmostTarget(what: string, { targets, origin }: Settings): void {
  const likely = nearest(what, targets.keys());
  if (likely === null) return;
  throw new CliError(EXIT.notFound, `no such target in ${origin}: ${what}`, {
    hint: `did you mean ${likely}? If it is an event's id: millrace why ${what} --from -1d`,
  });
}

/** The worst cause comes first. */
async function whyTarget(
  context: CommandContext,
  settings: Settings,
  target: TargetConfig,
): Promise<ExitCode> {
  const { terminal, output, env } = context;
  const { name } = target;
  const token = env["MILLRACE_ADMIN_TOKEN"];
  const facts = await gatherFacts({ settings, target, terminal, token });
  const causes = diagnose(facts);
  const diagnosis = { apiVersion: API_VERSION, kind: "Diagnosis", target: name, at: facts.at };
  switch (output) {
    case null:
    case "table":
      terminal.write(textOf(name, causes));
      break;
    case "ndjson":
      for (const cause of causes) terminal.write(`${jsonLine(cause)}\n`);
      break;
    case "json":
      terminal.write(`${JSON.stringify({ ...diagnosis, causes }, null, 2)}\n`);
      break;
    case "yaml": {
      const { stringify } = await import("yaml");
      terminal.write(stringify({ ...diagnosis, causes }));
    }
  }
  return EXIT.ok;
}

function textOf(name: string, causes: readonly Cause[]): string {
  if (causes.length === 0) return `${name}: nothing holds it up\n`;
  const lines = causes.flatMap((cause) => [causeText(cause), `  next: ${cause.next}`]);
  return lines.map((line) => `${safeText(line)}\n`).join("");
}
