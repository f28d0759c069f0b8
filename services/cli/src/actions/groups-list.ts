import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";
import { listReport } from "../groups/list-report.ts";
import { showReports, type Repetition } from "../groups/show-reports.ts";
import { withObserver } from "../groups/with-observer.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";

/** Shows how far behind the targets are, once or again and again; 4 where a topic of one does not exist. */
export async function groupsList(
  context: CommandContext,
  repetition: Repetition,
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const targets = [...settings.targets.values()];
  return withObserver(settings, (observer) =>
    showReports(context, repetition, async () =>
      listReport(await observer.observe(targets), Date.now()),
    ),
  );
}
