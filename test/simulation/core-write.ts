import { strict as assert } from "node:assert";
import type { Delivery, Effect } from "@millrace/engine";
import type { LogRecord } from "./core-world.ts";

/** A write that is open: it may stand in the log before anyone hears of it. */
export type Write = Extract<
  Effect<LogRecord>,
  { kind: "dead-letter" | "mark" | "park" | "release" }
>;

/** The events that it is of. */
export function deliveriesOf(write: Write): readonly Delivery<LogRecord>[] {
  switch (write.kind) {
    case "park":
      return write.deliveries;
    case "release":
      return [];
    default:
      return write.delivery === null ? [] : [write.delivery];
  }
}

/** The partition that it is of. */
export function placeOf(write: Write): { readonly partition: number } {
  switch (write.kind) {
    case "mark":
      return write.partition;
    case "release":
      return write.detour.aside.partition;
    case "dead-letter":
      return write.delivery.partition;
    case "park": {
      const [first] = write.deliveries;
      assert.ok(first !== undefined, "a run has at least one");
      return first.partition;
    }
  }
}
