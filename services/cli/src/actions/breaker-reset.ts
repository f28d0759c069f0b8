import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { standingText } from "../rewind/standing.ts";
import { changeTarget, type TargetWish } from "../targets/change-target.ts";

/** Has breakers of a target ask it again now; acknowledged by the brokers when it resolves. */
export async function breakerReset(
  context: CommandContext,
  options: TargetWish,
): Promise<ExitCode> {
  const { name, wishes } = await changeTarget(context, options, (board, target, wish) =>
    board.resetBreaker(target, wish),
  );
  const { terminal } = context;
  const standing = standingText(wishes.rewind);
  if (standing !== null) terminal.complain(standing);
  terminal.note(
    wishes.pauses.length === 0
      ? `its processes ask it within 2 s; millrace why ${name} says what came of it`
      : `it is paused: nothing is asked before millrace targets resume ${name}`,
  );
  return EXIT.ok;
}
