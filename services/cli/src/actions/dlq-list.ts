import type { CommandContext } from "../context.ts";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import { LETTER_COLUMNS, letterItem } from "../dead-letters/letter-item.ts";
import { withMeantLetters } from "../dead-letters/meant-letters.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** Shows the open dead letters of a target. */
export async function dlqList(context: CommandContext, flags: LetterFlags): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, flags.target);
  return withMeantLetters({ settings, target, terminal }, flags, async ({ letters, meant }) => {
    const items = meant.map(letterItem);
    await print(context, { kind: "DeadLetterList", items }, LETTER_COLUMNS);
    terminal.note(`${items.length} of ${letters.length} open dead letters of ${target.name}`);
    return EXIT.ok;
  });
}
