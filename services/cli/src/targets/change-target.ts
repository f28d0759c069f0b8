import type { ControlBoard, Wish } from "@millrace/control";
import { asTarget, type TargetId } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import { wishOf, withBoard, type WishOptions } from "../control-access.ts";
import { print } from "../output/print.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";
import { TARGET_COLUMNS, targetItem, wishesOf, type TargetWishes } from "./target-item.ts";

/** Which target is meant, who wants something of it, and why. */
export interface TargetWish extends WishOptions {
  readonly name: string;
}

/** Changes what is wanted of a target; resolves once the brokers have acknowledged it. */
export type TargetChange<Result> = (
  board: ControlBoard,
  target: TargetId,
  wish: Wish,
) => Promise<Result>;

/**
 * Changes what is wanted of a target, and prints the target as it is wanted then.
 * @returns its name, what the change said, and what stands of it after that.
 */
export async function changeTarget<Result>(
  context: CommandContext,
  options: TargetWish,
  change: TargetChange<Result>,
): Promise<{ readonly name: string; readonly result: Result; readonly wishes: TargetWishes }> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.name);
  const id = asTarget(target.name);
  const { result, wishes } = await withBoard(settings, async (board) => ({
    result: await change(board, id, wishOf(options)),
    wishes: wishesOf(board, target.name),
  }));
  const items = [targetItem(target, settings.namespace, wishes)];
  await print(context, { kind: "TargetList", items }, TARGET_COLUMNS);
  return { name: target.name, result, wishes };
}
