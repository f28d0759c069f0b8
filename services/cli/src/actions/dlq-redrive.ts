import { asTarget, type RedriveRequest } from "@millrace/engine";
import type { RedriveCounts } from "@millrace/jobs";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { wishOf } from "../control-access.ts";
import type { DeadLetterDesk } from "../dead-letters/dead-letter-desk.ts";
import { recordKeyText } from "../dead-letters/key-text.ts";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import { placeText } from "../dead-letters/letter-item.ts";
import { withMeantLetters, type MeantDesk } from "../dead-letters/meant-letters.ts";
import { PLAN_COLUMNS, planRedrive, type RedrivePlan } from "../dead-letters/redrive-plan.ts";
import { runRedrive, type RedriveResult } from "../dead-letters/redrive-run.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { standingText } from "../rewind/standing.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** Which dead letters are redriven, and how. */
export interface RedriveFlags extends LetterFlags {
  readonly reason: string;
  readonly by?: string | undefined;
  readonly canary: number;
  readonly rate?: number | undefined;
  readonly maxFailures: number;
  readonly dryRun?: true | undefined;
}

/** How a redrive went, as it is printed. */
interface RedriveItem extends Omit<RedriveCounts, "totalCount"> {
  readonly target: string;
  readonly keyCount: number;
  readonly end: string;
}

/** Redrives dead letters. Exit code 3 when any is given up again, or not all were asked for. */
export async function dlqRedrive(context: CommandContext, flags: RedriveFlags): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, flags.target);
  return withMeantLetters({ settings, target, terminal }, flags, async (desk) => {
    const plan = await makePlan(desk, target.name);
    if (flags.dryRun === true) {
      await print(context, { kind: "RedrivePlan", items: plan.partitions }, PLAN_COLUMNS);
      return EXIT.ok;
    }
    tellPlan(context, plan, flags);
    const leftCount = plan.loose.length + plan.contested.length;
    if (plan.requests.length === 0) return leftCount > 0 ? EXIT.partial : EXIT.ok;
    const question = `Redrive ${plan.requests.length} dead letters of ${target.name}?`;
    if (!(await confirm(context, question))) return EXIT.precondition;
    const result = await carryOut(context, { desk, plan, flags });
    await printResult(context, target.name, result);
    if (result.stage.kind === "stopped" && result.stage.why === "interrupted")
      return EXIT.interrupted;
    const isWhole = result.counts.deliveredCount === plan.requests.length;
    return isWhole && leftCount === 0 ? EXIT.ok : EXIT.partial;
  });
}

async function makePlan(desk: MeantDesk, target: string): Promise<RedrivePlan> {
  const { board, meant, setAside } = desk;
  const discards = board.discards(asTarget(target));
  return planRedrive(meant, { setAside, parked: await desk.countParked(), discards });
}

function tellPlan({ terminal }: CommandContext, plan: RedrivePlan, flags: RedriveFlags): void {
  const { requests, partitions, loose, contested } = plan;
  const parked = partitions.reduce((sum, item) => sum + item.parked, 0);
  terminal.note(
    `${requests.length} dead letters of ${flags.target}, and ${parked} events parked behind them`,
  );
  if (contested.length > 0) {
    terminal.complain(
      `${contested.length} more are being released or dropped: whoever comes second waits for the end, so they are left`,
    );
  }
  if (loose.length === 0) return;
  terminal.complain(
    `${loose.length} more are of keys that went on without them: a redrive would bring them out of order, so they are left`,
  );
}

async function carryOut(
  { terminal, interrupts }: CommandContext,
  of: {
    readonly desk: DeadLetterDesk;
    readonly plan: RedrivePlan;
    readonly flags: RedriveFlags;
  },
): Promise<RedriveResult> {
  const { desk, plan, flags } = of;
  const standing = standingText(desk.board.rewind(asTarget(flags.target)));
  if (standing !== null) terminal.complain(standing);
  const { canary: canaryCount, rate: perSecond = null, maxFailures: failureRatioMax } = flags;
  try {
    return await runRedrive({
      board: desk.board,
      target: asTarget(flags.target),
      requests: plan.requests,
      pace: { canaryCount, perSecond, failureRatioMax },
      wish: wishOf(flags),
      signal: interrupts.take(),
      onProgress: ({ totalCount, askedCount, deliveredCount, givenUpCount }) =>
        terminal.progress(
          `${deliveredCount} of ${totalCount} delivered, ${givenUpCount} given up again, ${
            askedCount - deliveredCount - givenUpCount
          } under way`,
        ),
    });
  } finally {
    terminal.progress("");
  }
}

async function printResult(
  context: CommandContext,
  target: string,
  { stage, counts, givenUp, dropped }: RedriveResult,
): Promise<void> {
  const { totalCount: keyCount, ...rest } = counts;
  const end = stage.kind === "stopped" ? stage.why : stage.kind;
  const items: readonly RedriveItem[] = [{ target, keyCount, ...rest, end }];
  await print(context, { kind: "RedriveReport", items }, [
    { name: "target", cell: (item) => item.target },
    { name: "keys", cell: (item) => String(item.keyCount), align: "right" },
    { name: "asked for", cell: (item) => String(item.askedCount), align: "right" },
    { name: "delivered", cell: (item) => String(item.deliveredCount), align: "right" },
    { name: "given up again", cell: (item) => String(item.givenUpCount), align: "right" },
    { name: "end", cell: (item) => item.end },
  ]);
  const complain = (what: string, request: RedriveRequest): void =>
    context.terminal.complain(
      `${what}: ${placeText(request)} (key ${recordKeyText(request.key) ?? ""})`,
    );
  for (const request of givenUp) complain("given up again", request);
  for (const request of dropped) complain("dropped by someone else", request);
}
