import { causeText, diagnose, type Cause } from "@millrace/diagnosis";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import { jsonLine, safeText } from "../output/safe-text.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";
import { gatherFacts } from "../why/gather-facts.ts";

/** Says why events of a target wait, the worst cause first. */
export async function why(context: CommandContext, name: string): Promise<ExitCode> {
  const { terminal, output, env } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, name);
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
