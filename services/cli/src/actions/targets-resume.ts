import { pauseText } from "@millrace/control";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { changeTarget, type TargetWish } from "../targets/change-target.ts";

/** Ends every pause of a target; acknowledged by the brokers when it resolves. */
export async function targetsResume(
  context: CommandContext,
  options: TargetWish,
): Promise<ExitCode> {
  const { name, result: ended } = await changeTarget(context, options, (board, target, wish) =>
    board.resume(target, wish),
  );
  const { terminal } = context;
  if (ended.length === 0) terminal.note(`${name} was not paused`);
  for (const pause of ended) terminal.note(`no longer ${pauseText(pause)}`);
  return EXIT.ok;
}
