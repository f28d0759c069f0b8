import { isKeyPersonal } from "@millrace/schemas";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";
import { describeReport } from "../groups/describe-report.ts";
import { showReports, type Repetition } from "../groups/show-reports.ts";
import { withObserver } from "../groups/with-observer.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import type { Privacy } from "../tail/event-view.ts";
import { chooseTarget } from "../target-choice.ts";

/** What is described. */
export interface DescribeOptions {
  readonly target: string;
  /** Of keys that are personal data. */
  readonly privacy: Privacy;
}

/** Shows where a target stands in each of its source partitions, once or again and again. */
export async function groupsDescribe(
  context: CommandContext,
  { target: name, privacy }: DescribeOptions,
  repetition: Repetition,
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, name);
  const isKeyHidden = (topic: string): boolean =>
    privacy === "masked" && isKeyPersonal(settings.catalog, topic);
  return withObserver(settings, (observer) =>
    showReports(context, repetition, async () => {
      const observed = await observer.observeOne(target);
      return describeReport(observed, { nowMs: Date.now(), isKeyHidden });
    }),
  );
}
