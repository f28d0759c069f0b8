import type { PlaceFact } from "./event-facts.ts";

/** A place as it is written on a command line: `<topic>:<partition>:<offset>`. */
export function placeText({ topic, partition, offset }: PlaceFact): string {
  return `${topic}:${partition}:${offset}`;
}

/** Epoch ms as RFC 3339. */
export function timeText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
