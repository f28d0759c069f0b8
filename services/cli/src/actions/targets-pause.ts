import { asTarget } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { wishOf, withBoard, type WishOptions } from "../control-access.ts";
import { chooseTarget } from "../target-choice.ts";
import { TARGET_COLUMNS, targetItem } from "../targets/target-item.ts";

/** Pauses a target; acknowledged by the brokers when it resolves. */
export async function targetsPause(
  context: CommandContext,
  options: WishOptions & { readonly name: string },
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.name);
  const id = asTarget(target.name);
  const pauses = await withBoard(settings, async (board) => {
    await board.pause({ target: id, pauser: "operator", wish: wishOf(options) });
    return board.pauses(id);
  });
  const items = [targetItem(target, settings.namespace, pauses)];
  await print(context, { kind: "TargetList", items }, TARGET_COLUMNS);
  const { terminal } = context;
  terminal.note(`its processes follow within 2 s; millrace targets resume ${target.name} ends it`);
  return EXIT.ok;
}
