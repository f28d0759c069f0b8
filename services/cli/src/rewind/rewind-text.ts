/** What a plan of a rewind says besides its table. */
import type { TargetConfig } from "@millrace/config";
import { durationText } from "../groups/duration-text.ts";
import { goneText, type GoneRecords } from "../replay/gone-records.ts";
import { beyondWindow } from "../replay/key-window.ts";
import type { PlannedMove } from "./planned-move.ts";

/** What is told of. */
export interface RewindPlan {
  readonly items: readonly PlannedMove[];
  readonly gone: readonly GoneRecords[];
}

/** Lines for people; warnings are told in any case. */
export interface RewindWords {
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Puts a plan into words. */
export function rewindWords(
  { items, gone }: RewindPlan,
  target: Pick<TargetConfig, "idempotency" | "name">,
  nowMs: number,
): RewindWords {
  const { name } = target;
  const sum = (of: (item: PlannedMove) => number): number =>
    items.reduce((total, item) => total + of(item), 0);
  const [again, lost, held] = [
    sum((one) => one.again),
    sum((one) => one.lost),
    sum((one) => one.held),
  ];
  const places = items.length === 1 ? "1 partition" : `${items.length} partitions`;
  const notes = [
    `${records(again)} that ${name} has settled go to it again, as far as its filter lets them through; ${places}`,
  ];
  const warnings: string[] = [];
  if (lost > 0) {
    const moved = items.filter((item) => item.lost > 0).map(placeText);
    warnings.push(
      `${records(lost)} will NOT be delivered to ${name}: it goes on behind them (${moved.join(", ")})`,
    );
  }
  if (gone.length > 0) warnings.push(goneText(gone));
  const starts = items.filter(({ direction }) => direction === "start").map(placeText);
  if (starts.length > 0) {
    warnings.push(
      `nothing is committed of ${starts.join(", ")}: ${name} begins there as named, ` +
        `and gets nothing that lies before in the log, which is not counted here`,
    );
  }
  if (held > 0) {
    warnings.push(
      `${records(held)} of keys behind a dead letter are not sent again up to it, and parked again behind it: ` +
        `if these should be sent too, redrive the keys first (millrace quarantine list --target ${name})`,
    );
  }
  if (again > 0) {
    const { text, isWarning } = keysText(items, target, nowMs);
    (isWarning ? warnings : notes).push(text);
  }
  return { notes, warnings };
}

/** The events keep their keys, which is harmless while the target knows them. */
function keysText(
  items: readonly PlannedMove[],
  { name, idempotency: { window } }: Pick<TargetConfig, "idempotency" | "name">,
  nowMs: number,
): { readonly text: string; readonly isWarning: boolean } {
  const same = "the calls carry the same Idempotency-Keys as before";
  if (window.kind === "undeclared") {
    const why = "idempotency.window of its configuration does not say it";
    return {
      text: `${same}; nobody knows how long ${name} knows them, and what it has forgotten it does again: ${why}`,
      isWarning: true,
    };
  }
  const known = `${same}, and ${name} knows them for ${span(window.windowMs)}`;
  const repeated = items.filter(({ again }) => again > 0);
  const ageMs = beyondWindow({ items: repeated }, window, nowMs);
  if (ageMs === null) return { text: known, isWarning: false };
  return {
    text: `${known}: the oldest event is ${span(ageMs)} old, and it does again what it has forgotten`,
    isWarning: true,
  };
}

function span(ms: number): string {
  return durationText(ms / 1_000);
}

function records(count: number): string {
  return `${count.toLocaleString("en-US")} record${count === 1 ? "" : "s"}`;
}

function placeText({ topic, partition }: PlannedMove): string {
  return `${topic}:${partition}`;
}
