import { asTarget } from "@millrace/engine";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { wishOf, type WishOptions } from "../control-access.ts";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import { LETTER_COLUMNS, letterItem } from "../dead-letters/letter-item.ts";
import { withMeantLetters } from "../dead-letters/meant-letters.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** Takes dead letters for done. Exit code 3 when some are left, since their keys wait for them. */
export async function dlqDrop(
  context: CommandContext,
  flags: LetterFlags & WishOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, flags.target);
  return withMeantLetters({ settings, target, terminal }, flags, async ({ board, meant }) => {
    const loose = meant.filter(({ later }) => later === "delivered");
    const heldCount = meant.length - loose.length;
    if (heldCount > 0) {
      terminal.complain(
        `${heldCount} are left: events of their keys wait for them (millrace dlq redrive --target ${target.name}, or quarantine release)`,
      );
    }
    if (loose.length > 0) {
      const question = `Drop ${loose.length} dead letters of ${target.name}?`;
      if (!(await confirm(context, question))) return EXIT.precondition;
      await board.drop(asTarget(target.name), loose, wishOf(flags));
    }
    const items = loose.map(letterItem);
    await print(context, { kind: "DroppedDeadLetters", items }, LETTER_COLUMNS);
    terminal.note(`${loose.length} dead letters of ${target.name} dropped`);
    return heldCount === 0 ? EXIT.ok : EXIT.partial;
  });
}
