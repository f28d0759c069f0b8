import { ownTopics, type TargetConfig } from "@millrace/config";
import { pauseText, rewindText, type AskedTime, type Pause } from "@millrace/control";
import { timeText } from "../position.ts";
import { targetItem, type TargetItem, type TargetWishes } from "./target-item.ts";
import { throttleItem, type ThrottleItem } from "./throttle-item.ts";

/** What stands on the control topic of a target that is described. */
export interface DescribedWishes extends TargetWishes {
  /** What it asked for last; its time may be over. */
  readonly asked: AskedTime | null;
}

/** Everything that a target's deliveries are decided by, as it is printed. */
export interface TargetDescription extends TargetItem {
  readonly startAt: string;
  readonly deadLetters: string;
  readonly parked: string;
  readonly mappingRevision: string;
  readonly concurrencyMax: number;
  /** Null: unlimited. */
  readonly ratePerSecond: number | null;
  readonly timeoutMs: number;
  readonly retry: {
    readonly maxAgeMs: number;
    readonly baseMs: number;
    readonly capMs: number;
    /** Null: unlimited. */
    readonly maxAttempts: number | null;
  };
  readonly breaker: TargetConfig["breaker"];
  /** Null where it does not ask for time. */
  readonly throttle: ThrottleItem | null;
}

/** Describes a target. */
export function describeTarget(
  target: TargetConfig,
  namespace: string,
  wishes: DescribedWishes,
): TargetDescription {
  const { startAt, mappingRevision, concurrencyMax, timeoutMs, retry, breaker } = target;
  const { dead, parked } = ownTopics(namespace, target.name);
  const { maxAttempts, ...times } = retry;
  return {
    ...targetItem(target, namespace, wishes),
    startAt: startAt.kind === "time" ? new Date(startAt.epochMs).toISOString() : startAt.kind,
    deadLetters: dead,
    parked,
    mappingRevision,
    concurrencyMax,
    ratePerSecond: target.ratePerSecond.kind === "limited" ? target.ratePerSecond.perSecond : null,
    timeoutMs,
    retry: { ...times, maxAttempts: maxAttempts.kind === "limited" ? maxAttempts.count : null },
    breaker,
    throttle: throttleItem(wishes.asked, Date.now()),
  };
}

/** The description for people: a name and what stands for it, a line each. */
export function descriptionText(of: TargetDescription, { pauses, rewind }: TargetWishes): string {
  const rewinds = rewind === null ? [] : [rewindText(rewind)];
  const held = [...rewinds, ...pauses.map(pauseLine)];
  const wanted = held.length === 0 ? ["running"] : held;
  const rows: readonly (readonly [string, string])[] = [
    ["target", of.name],
    ...wanted.map((line, index): [string, string] => [index === 0 ? "wanted" : "", line]),
    ...throttleRows(of),
    ["url", of.url],
    ["topics", `${of.topics.join(", ")}, from ${of.startAt}`],
    ["group", of.group],
    ["order", `${of.order}; a dead letter: ${of.onDeadLetter}`],
    ["limits", `${of.concurrencyMax} in flight, ${rateText(of)}, ${seconds(of.timeoutMs)} a call`],
    ["retries", retryText(of)],
    ["breaker", breakerText(of)],
    ["dead letters", of.deadLetters],
    ["parked", of.parked],
    ["mapping", of.mappingRevision],
  ];
  return rows.map(([name, text]) => `${name.padEnd(13)} ${text}\n`).join("");
}

function pauseLine(pause: Pause): string {
  const since = pause.wish === null ? "" : ` since ${timeText(pause.wish.at)}`;
  return `${pauseText(pause)}${since}`;
}

function throttleRows({ throttle }: TargetDescription): readonly (readonly [string, string])[] {
  if (throttle === null) return [];
  const { by, until } = throttle;
  return [["waits", `until ${timeText(Date.parse(until))}: it asked ${by} for time`]];
}

function rateText({ ratePerSecond }: TargetDescription): string {
  return ratePerSecond === null ? "any rate" : `${ratePerSecond} a second`;
}

function retryText({ retry: { maxAgeMs, baseMs, capMs, maxAttempts } }: TargetDescription): string {
  const attempts = maxAttempts === null ? "" : `, at most ${maxAttempts} attempts`;
  return `for ${seconds(maxAgeMs)}, ${seconds(baseMs)} to ${seconds(capMs)} apart${attempts}`;
}

function breakerText({ breaker }: TargetDescription): string {
  const { errorRatio, minCalls, windowMs, halfOpenAfterMs } = breaker;
  const opens = `opens at ${errorRatio * 100} % errors of ${minCalls} calls in ${seconds(windowMs)}`;
  return `${opens}, asks again after ${seconds(halfOpenAfterMs)}`;
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
