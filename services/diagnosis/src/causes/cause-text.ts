/** One sentence for each cause, from its JSON alone. */
import type { Cause, CauseKind } from "./cause.ts";

const SENTENCES: Readonly<Record<CauseKind, (cause: Cause) => string>> = {
  "records-gone": ({ details }) =>
    `${countOf(details["gone"], "record")} of ${text(details["partitions"])} went by retention before they were delivered`,
  "offsets-gone": ({ details }) => `the group's offsets of ${text(details["partitions"])} are gone`,
  rewinding: ({ details, since }) =>
    `stopped for a rewind by ${text(details["by"])}: ${text(details["reason"])}${sinceText(since)}`,
  paused: ({ details, since }) =>
    `paused by ${text(details["by"])}: ${text(details["reason"])}${sinceText(since)}`,
  "paused-by-guard": ({ details, since }) =>
    `paused by the guard of ${text(details["by"])}: ${text(details["reason"])}${sinceText(since)}`,
  "no-process": ({ details, since }) =>
    details["waiting"] === 0
      ? "no process delivers to it, and none ever has"
      : `no process delivers to it: ${countOf(details["waiting"], "event")} of ${text(details["partitions"])} wait${sinceText(since)}`,
  misconfigured: ({ details }) =>
    `it does not take us as we are configured${failureText(details)}${againText(details)}`,
  "breaker-open": ({ details }) => `breaker open${failureText(details)}${againText(details)}`,
  throttled: ({ details }) => `it asked ${askedText(details)}for time${againText(details)}`,
  "partitions-unowned": (cause) =>
    `no process owns ${text(cause.details["partitions"])}${waitText(cause)}`,
  "not-started": (cause) =>
    `its process has not begun with ${text(cause.details["partitions"])}${waitText(cause)}`,
  "partition-blocked": (cause) =>
    `${countOf(cause.keyCount, "lane")} blocked behind a dead letter${keysText(cause)}${reasonText(cause)}`,
  "key-quarantined": (cause) =>
    `${countOf(cause.keyCount, "stuck key")}${keysText(cause)}${reasonText(cause)}, ${countOf(cause.details["waiting"], "event")} parked behind`,
  "key-failing": (cause) =>
    `${countOf(cause.keyCount, "key")} failing${keysText(cause)}${failureText(cause.details)}${sinceText(cause.since)}${againText(cause.details)}`,
  "rate-limited": () => "its rate is used up: events wait for their turn",
  "slowed-down": ({ details }) =>
    `it answers late or fails: ${text(details["limit"])} calls at once instead of ${text(details["limitMax"])}`,
  "key-deferred": (cause) =>
    `${countOf(cause.keyCount, "slow key")} goes on behind the others${keysText(cause)}, ${countOf(cause.details["waiting"], "event")} parked`,
  rebalancing: ({ details }) => `its group is rebalancing (${text(details["members"])} members)`,
  "process-unreachable": ({ details }) =>
    `what process ${text(details["process"])} knows could not be read: ${text(details["failure"])}`,
};

/** What a cause says to people, without what to do. */
export function causeText(cause: Cause): string {
  return SENTENCES[cause.kind](cause);
}

type Detail = number | string | null | undefined;

function text(value: Detail): string {
  return value === null || value === undefined ? "unknown" : String(value);
}

function countOf(value: Detail, noun: string): string {
  return `${typeof value === "number" ? value.toLocaleString("en-US") : text(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function sinceText(since: string | null): string {
  return since === null ? "" : `, since ${since}`;
}

function waitText({ details, since }: Cause): string {
  if (details["waiting"] === 0) return "";
  return `: ${countOf(details["waiting"], "event")} wait${sinceText(since)}`;
}

function keysText({ keys, keyCount }: Cause): string {
  if (keys.length === 0) return "";
  const named = keys.slice(0, 3).join(", ");
  return keyCount > 3 ? `: ${named}, ...` : `: ${named}`;
}

function reasonText({ details, since }: Cause): string {
  const { reason, error } = details;
  if (reason === null || reason === undefined) return sinceText(since);
  return `, ${text(error === "" || error === undefined ? reason : error)} (${text(reason)})${sinceText(since)}`;
}

function failureText(details: Cause["details"]): string {
  const { failure } = details;
  return failure === null || failure === undefined ? "" : `: ${failure}`;
}

/** Which process heard it, where the others have it from that one. */
function askedText({ asked }: Cause["details"]): string {
  return typeof asked === "string" ? `${asked} ` : "";
}

function againText(details: Cause["details"]): string {
  const { nextAttemptMs } = details;
  if (typeof nextAttemptMs !== "number") return "";
  return `, next attempt in ${Math.ceil(nextAttemptMs / 1_000)} s`;
}
