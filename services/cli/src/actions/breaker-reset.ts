import { asTarget } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import { wishOf, withBoard, type WishOptions } from "../control-access.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";
import { TARGET_COLUMNS, targetItem } from "../targets/target-item.ts";

/** Has breakers of a target ask it again now; acknowledged by the brokers when it resolves. */
export async function breakerReset(
  context: CommandContext,
  options: WishOptions & { readonly name: string },
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.name);
  const id = asTarget(target.name);
  const pauses = await withBoard(settings, async (board) => {
    await board.resetBreaker(id, wishOf(options));
    return board.pauses(id);
  });
  const items = [targetItem(target, settings.namespace, pauses)];
  await print(context, { kind: "TargetList", items }, TARGET_COLUMNS);
  const { terminal } = context;
  terminal.note(
    pauses.length === 0
      ? `its processes ask it within 2 s; millrace why ${target.name} says what came of it`
      : `it is paused: nothing is asked before millrace targets resume ${target.name}`,
  );
  return EXIT.ok;
}
