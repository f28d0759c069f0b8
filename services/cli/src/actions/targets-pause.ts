import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { changeTarget, type TargetWish } from "../targets/change-target.ts";

/** Pauses a target; acknowledged by the brokers when it resolves. */
export async function targetsPause(
  context: CommandContext,
  options: TargetWish,
): Promise<ExitCode> {
  const { name } = await changeTarget(context, options, (board, target, wish) =>
    board.pause({ target, pauser: "operator", wish }),
  );
  const { terminal } = context;
  terminal.note(`its processes follow within 2 s; millrace targets resume ${name} ends it`);
  return EXIT.ok;
}
