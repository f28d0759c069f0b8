import type { CommandContext } from "../context.ts";
import { failureOf } from "../doctor/failure-finding.ts";
import { findingText, ok, type Finding } from "../doctor/finding.ts";
import { checkJava, checkMaven, checkNode } from "../doctor/machine.ts";
import { checkBrokers, checkClock, checkRegistry } from "../doctor/servers.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { documentText } from "../output/document.ts";
import { loadSettings, type Settings } from "../settings.ts";

/** Checks everything that Millrace needs here; exit code 1 when anything fails. */
export async function doctor(context: CommandContext): Promise<ExitCode> {
  const items = [checkNode(), checkJava(), checkMaven(), ...(await checkSettings(context))];
  const { terminal, output } = context;
  const format = output ?? "table";
  if (format === "table") for (const item of items) terminal.write(findingText(item, terminal));
  else terminal.write(await documentText({ kind: "Findings", items }, format));
  const failed = items.filter(({ status }) => status === "fail");
  if (failed.length > 0) terminal.complain(`${failed.length} of ${items.length} checks fail`);
  return failed.length === 0 ? EXIT.ok : EXIT.error;
}

async function checkSettings(context: CommandContext): Promise<readonly Finding[]> {
  let settings: Settings;
  try {
    settings = await loadSettings(context);
  } catch (error) {
    return [await failureOf("configuration", error)];
  }
  const { origin, targets, catalog } = settings;
  const detail = `${origin}: ${targets.size} targets, ${catalog.types.size} event types`;
  const [brokers, registry, clock] = await Promise.all([
    checkBrokers(settings),
    checkRegistry(settings),
    checkClock(settings),
  ]);
  const findings = [ok("configuration", detail), ...brokers, registry];
  return clock === null ? findings : [...findings, clock];
}
