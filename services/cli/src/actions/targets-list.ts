import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { withBoard } from "../control-access.ts";
import { TARGET_COLUMNS, targetItem, wishesOf } from "../targets/target-item.ts";

/** Shows all targets, and what is wanted of them. */
export async function targetsList(context: CommandContext): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const { namespace, origin, targets } = settings;
  const items = await withBoard(settings, (board) =>
    [...targets.values()].map((target) =>
      targetItem(target, namespace, wishesOf(board, target.name)),
    ),
  );
  await print(context, { kind: "TargetList", items }, TARGET_COLUMNS);
  if (items.length === 0) context.terminal.note(`no targets (settings of ${origin})`);
  return EXIT.ok;
}
