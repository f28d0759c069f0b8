import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { withDeadLetters } from "../dead-letters/dead-letter-desk.ts";
import { letterItem, placeText, type LetterItem } from "../dead-letters/letter-item.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { documentText } from "../output/document.ts";
import { safeText } from "../output/safe-text.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** Shows one open dead letter. */
export async function dlqShow(
  context: CommandContext,
  { target: name, event }: { readonly target: string; readonly event: string },
): Promise<ExitCode> {
  const { terminal, output } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, name);
  const letters = await withDeadLetters({ settings, target, terminal }, (desk) =>
    Promise.resolve(desk.letters),
  );
  const items = letters.filter((one) => one.id === event || placeText(one) === event);
  const [item] = items.map(letterItem);
  if (item === undefined) {
    throw new CliError(EXIT.notFound, `no open dead letter of ${name} is of event ${event}`, {
      hint: `millrace dlq list --target ${name} shows those that are open`,
    });
  }
  if (output === null || output === "table") terminal.write(textOf(item));
  else terminal.write(await documentText({ kind: "DeadLetter", items: [item] }, output));
  return EXIT.ok;
}

function textOf(item: LetterItem): string {
  const { topic, partition, offset, attempts, firstFailedAt, lastFailedAt } = item;
  const rows: readonly (readonly [string, string])[] = [
    ["event", placeText(item)],
    ["id", item.id ?? "-"],
    ["source", item.source ?? "-"],
    ["type", item.type ?? "-"],
    ["key", item.key ?? "-"],
    ["reason", `${item.reason}: ${item.error}`],
    ["attempts", `${attempts}, from ${firstFailedAt ?? "-"} to ${lastFailedAt ?? "-"}`],
    ["given up", `${item.givenUpAt}, redriven ${item.redrives} times before`],
    ["later events", `of its key are ${item.later}`],
    ["see it", `millrace tail ${topic} --from ${partition}:${offset} -n 1`],
  ];
  return rows.map(([name, text]) => `${name.padEnd(13)} ${safeText(text)}\n`).join("");
}
