/** Emits events one by one through `@millrace/emitter`, as many open as its buffer takes, and prints what that took. */
import { createEmitter } from "@millrace/emitter";
import { plainConnection } from "@millrace/kafka";
import { eventOf, EVENT_TYPE, type MeasuredContract } from "../workload/event.ts";
import { endWithHarness, readPeerOptions } from "./peer-options.ts";
import { printCost } from "./printed-cost.ts";

/** Events that wait for their receipt at most. */
const OPEN_MAX = 5_000;

const { brokers, registryUrl, eventCount, keyCount, catalogPath } = readPeerOptions();
endWithHarness();

await using emitter = await createEmitter<Readonly<Record<typeof EVENT_TYPE, MeasuredContract>>>({
  connection: plainConnection(brokers, "millrace-bench"),
  registry: registryUrl,
  catalog: catalogPath,
  source: "urn:millrace:bench",
});

async function emit(from: number, count: number): Promise<void> {
  let open: Promise<unknown>[] = [];
  for (let number = from; number < from + count; number += 1) {
    open.push(emitter.emit(EVENT_TYPE, eventOf(number, keyCount)));
    if (open.length < OPEN_MAX) continue;
    await open[0];
    // Receipts come nearly in order: half of them have come with the first or soon after.
    const settled = open.splice(0, OPEN_MAX / 2);
    await Promise.all(settled);
  }
  await Promise.all(open);
  open = [];
}

await printCost(eventCount, emit);
