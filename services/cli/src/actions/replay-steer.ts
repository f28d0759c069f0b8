import type { ReplayWish } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import { wishOf, type WishOptions } from "../control-access.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { withReplays } from "../replay/replay-desk.ts";
import { REPLAY_COLUMNS } from "../replay/replay-item.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";

/** Pauses a replay, lets it run on, or ends it for good. */
export async function replaySteer(
  context: CommandContext,
  options: WishOptions & { readonly job: string; readonly state: ReplayWish },
): Promise<ExitCode> {
  const { job: id, state } = options;
  const settings = await loadWithoutTargetSecrets(context);
  return withReplays(settings, async ({ board, job, item }) => {
    const known = job(id);
    if (known.state === "cancel") {
      context.terminal.complain(`replay ${id} was cancelled: that stays so`);
      return state === "cancel" ? EXIT.ok : EXIT.precondition;
    }
    await board.putJob({ ...known, state, wish: wishOf(options) });
    await print(context, { kind: "ReplayList", items: [await item(id)] }, REPLAY_COLUMNS);
    return EXIT.ok;
  });
}
