import { pauseText } from "@millrace/control";
import { asTarget } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { wishOf, withBoard, type WishOptions } from "../control-access.ts";
import { chooseTarget } from "../target-choice.ts";
import { TARGET_COLUMNS, targetItem } from "../targets/target-item.ts";

/** Ends every pause of a target; acknowledged by the brokers when it resolves. */
export async function targetsResume(
  context: CommandContext,
  options: WishOptions & { readonly name: string },
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.name);
  const id = asTarget(target.name);
  const { ended, left } = await withBoard(settings, async (board) => ({
    ended: await board.resume(id, wishOf(options)),
    left: board.pauses(id),
  }));
  const items = [targetItem(target, settings.namespace, left)];
  await print(context, { kind: "TargetList", items }, TARGET_COLUMNS);
  const { terminal } = context;
  if (ended.length === 0) terminal.note(`${target.name} was not paused`);
  for (const pause of ended) terminal.note(`no longer ${pauseText(pause)}`);
  return EXIT.ok;
}
