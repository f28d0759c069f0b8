import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { withReplays } from "../replay/replay-desk.ts";
import { REPLAY_COLUMNS, type ReplayItem } from "../replay/replay-item.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";

/** How often a watched replay is looked at, ms. */
const WATCH_MS = 500;

/** Shows all replays. */
export async function replayList(context: CommandContext): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const items = await withReplays(settings, (desk) => desk.items());
  await print(context, { kind: "ReplayList", items }, REPLAY_COLUMNS);
  if (items.length === 0) context.terminal.note("no replays");
  return EXIT.ok;
}

/**
 * Shows one replay; watched, once it has ended, with its progress until then. Exit code 3 when it ended and not all of it was
 * sent or skipped.
 */
export async function replayStatus(
  context: CommandContext,
  { job, watch }: { readonly job: string; readonly watch?: true | undefined },
): Promise<ExitCode> {
  const { terminal, interrupts } = context;
  const settings = await loadWithoutTargetSecrets(context);
  return withReplays(settings, async (desk) => {
    let item = await desk.item(job);
    const interrupted = watch === true ? interrupts.take() : AbortSignal.abort();
    while (item.state === "open" && !interrupted.aborted) {
      terminal.progress(progressText(item));
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      item = await desk.item(job);
    }
    terminal.progress("");
    await print(context, { kind: "ReplayList", items: [item] }, REPLAY_COLUMNS);
    if (watch === true && item.state === "open") return EXIT.interrupted;
    const isWhole = item.state !== "ended" && Object.keys(item.failed).length === 0;
    return isWhole ? EXIT.ok : EXIT.partial;
  });
}

function progressText({ job, planned, sent, skipped, failed }: ReplayItem): string {
  const ended = [sent, ...Object.values(skipped), ...Object.values(failed)];
  const count = ended.reduce((sum, one) => sum + one, 0);
  const share = planned === 0 ? 100 : Math.floor((100 * count) / planned);
  return `replay ${job}: ${count} of ${planned} events, ${share} %`;
}
