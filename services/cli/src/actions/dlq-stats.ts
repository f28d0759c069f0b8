import type { CommandContext } from "../context.ts";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import { letterItem } from "../dead-letters/letter-item.ts";
import { letterStats, statsColumns, type LetterGroup } from "../dead-letters/letter-stats.ts";
import { withMeantLetters } from "../dead-letters/meant-letters.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** Counts the open dead letters of a target. */
export async function dlqStats(
  context: CommandContext,
  flags: LetterFlags & { readonly groupBy: LetterGroup },
): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, flags.target);
  return withMeantLetters({ settings, target, terminal }, flags, async ({ meant }) => {
    const items = letterStats(meant.map(letterItem), flags.groupBy);
    await print(context, { kind: "DeadLetterStats", items }, statsColumns(flags.groupBy));
    if (items.length === 0) terminal.note(`no open dead letters of ${target.name}`);
    return EXIT.ok;
  });
}
