/** A replay as it was planned: counted, shown, and saved, so that exactly this is started. */
import { readRuns } from "@millrace/control";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import type { Estimate } from "./estimate.ts";
import type { FirstTime } from "./first-time.ts";
import type { GoneRecords } from "./gone-records.ts";
import type { LaterKeys } from "./later-keys.ts";
import type { PlannedConfig } from "./plan-basis.ts";

/** A partition's part of a plan. Offsets are text. */
export interface PlannedRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  /** One above the last. */
  readonly to: string;
  /** Records in the range, and those of the keys that are meant. */
  readonly records: number;
  readonly events: number;
  /** The earliest and the latest time at which one of these was written, RFC 3339; null where there is none. */
  readonly first: string | null;
  readonly last: string | null;
  /** How the events ended when they were delivered live; null where the journal was not asked. */
  readonly firstTime: FirstTime | null;
  /**
   * At which offsets the events stand that a filter let through: alternating lengths, of what is not meant and of what is,
   * beginning at `from`. Null: all of the range, as far as `keys` says.
   */
  readonly only: readonly number[] | null;
}

/** A plan. */
export interface SavedPlan extends PlannedConfig {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "ReplayPlan";
  readonly target: string;
  /** RFC 3339. */
  readonly madeAt: string;
  /** Record keys as UTF-8; null: all. */
  readonly keys: readonly string[] | null;
  /** CEL that was asked when the plan was made: what it let through is what is sent. Null: none. */
  readonly filter: string | null;
  /** What of the range was gone already. */
  readonly gone: readonly GoneRecords[];
  /** Null where the journal could not be asked. */
  readonly laterKeys: LaterKeys | null;
  /** Null where nobody knows. */
  readonly estimate: Estimate | null;
  /** Those with events. */
  readonly items: readonly PlannedRange[];
}

/** The text of the file. */
export function planText(plan: SavedPlan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/**
 * Reads a plan.
 * @throws CliError usage, with what is wrong with the file.
 */
export function readPlan(text: string, path: string): SavedPlan {
  const value = parsed(text);
  if (isPlan(value)) return value;
  throw new CliError(EXIT.usage, `${path} is no plan of a replay (${API_VERSION})`, {
    hint: "make one with millrace replay plan --save FILE",
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isPlan(value: unknown): value is SavedPlan {
  return (
    isRecord(value) &&
    value["apiVersion"] === API_VERSION &&
    value["kind"] === "ReplayPlan" &&
    ["target", "mappingRevision", "madeAt"].every((name) => typeof value[name] === "string") &&
    (value["filter"] === null || typeof value["filter"] === "string") &&
    (value["keys"] === null || isListOf(value["keys"], (key) => typeof key === "string")) &&
    isRecord(value["basis"]) &&
    isListOf(value["gone"], isRange) &&
    isLaterKeys(value["laterKeys"]) &&
    isListOf(value["items"], (item) => isRange(item) && isCounted(item) && hasRuns(item))
  );
}

function isRange(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["topic"] === "string" &&
    Number.isSafeInteger(value["partition"]) &&
    ["from", "to"].every((name) => /^\d{1,16}$/u.test(String(value[name])))
  );
}

function hasRuns(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { from, to, only } = value;
  return only === null || readRuns(only, { from: Number(from), to: Number(to) }) !== null;
}

function isCounted(value: unknown): boolean {
  return (
    isRecord(value) &&
    ["records", "events"].every((name) => Number.isSafeInteger(value[name])) &&
    ["first", "last"].every((name) => isTime(value[name]))
  );
}

function isLaterKeys(value: unknown): boolean {
  if (value === null) return true;
  const { count, keys } = isRecord(value) ? value : {};
  return Number.isSafeInteger(count) && isListOf(keys, (key) => typeof key === "string");
}

function isTime(value: unknown): boolean {
  return value === null || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
}

function isListOf(value: unknown, isOne: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
