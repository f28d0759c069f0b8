import { setTimeout } from "node:timers/promises";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit-code.ts";
import { printReport, type Report } from "./report.ts";
import { watch } from "./watch.ts";

/** How often a command asks. */
export type Repetition =
  { readonly kind: "once" } | { readonly kind: "watch"; readonly intervalMs: number };

/** Asks and shows, once or again and again. @throws as {@link watch}. */
export async function showReports<Item extends object>(
  context: CommandContext,
  repetition: Repetition,
  ask: () => Promise<Report<Item>>,
): Promise<ExitCode> {
  if (repetition.kind === "once") return printReport(context, await ask());
  return watch(context, ask, { intervalMs: repetition.intervalMs, pause });
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  // Rejects when it is aborted, which is an end like any other here.
  await setTimeout(durationMs, undefined, { signal }).catch(() => undefined);
}
