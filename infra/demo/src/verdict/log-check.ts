import type { AcknowledgedEvent, TopicRecord } from "./records.ts";
import type { Evidence, Problem } from "./verdict.ts";

/**
 * S1 to S4: every acknowledged event stands in its topic where the acknowledgement says, once unless its emit was
 * repeated, nothing else stands there, and events of one key stand in the order they were emitted in.
 */
export function checkLog({ run, acknowledged, scan }: Evidence): Problem[] {
  return [
    ...checkCounts(run.eventCount, acknowledged.length),
    ...checkComplete(scan.ends, scan.records),
    ...checkPlaces(acknowledged, scan.records),
    ...checkStrangers(acknowledged, scan.records),
    ...checkEmitOrder(acknowledged),
  ];
}

function problem(check: "emitted" | "log", eventId: string | null, detail: string): Problem {
  return { check, target: null, eventId, detail };
}

function checkCounts(planned: number, acknowledged: number): Problem[] {
  if (planned === acknowledged) return [];
  return [problem("emitted", null, `${planned} events were to be emitted, ${acknowledged} were`)];
}

/** A scan that read less than the partitions hold would hide what it did not read. */
function checkComplete(ends: Evidence["scan"]["ends"], records: readonly TopicRecord[]): Problem[] {
  const expected = ends.reduce((sum, { end }) => sum + end, 0);
  if (expected === records.length) return [];
  const detail = `the partitions hold ${expected} records, the scan read ${records.length}`;
  return [problem("log", null, detail)];
}

function place({ topic, partition, offset }: TopicRecord | AcknowledgedEvent): string {
  return `${topic}/${partition}/${offset}`;
}

function checkPlaces(
  acknowledged: readonly AcknowledgedEvent[],
  records: readonly TopicRecord[],
): Problem[] {
  const byPlace = new Map(records.map((record) => [place(record), record]));
  return acknowledged.flatMap((event) => {
    const record = byPlace.get(place(event));
    if (record === undefined)
      return [
        problem("log", event.id, `acknowledged at ${place(event)}, but nothing stands there`),
      ];
    const fields = (["id", "source", "type", "key"] as const).filter(
      (field) => record[field] !== event[field],
    );
    return fields.map((field) =>
      problem(
        "log",
        event.id,
        `${place(event)}: ${field} is ${String(record[field])}, emitted as ${String(event[field])}`,
      ),
    );
  });
}

function checkStrangers(
  acknowledged: readonly AcknowledgedEvent[],
  records: readonly TopicRecord[],
): Problem[] {
  const identity = ({ source, id }: TopicRecord | AcknowledgedEvent): string =>
    JSON.stringify([source, id]);
  const allowed = new Map(acknowledged.map((event) => [identity(event), event.tries]));
  return records.flatMap((record) => {
    const left = allowed.get(identity(record));
    if (left === undefined)
      return [problem("log", record.id, `${place(record)} holds an event nobody emitted`)];
    allowed.set(identity(record), left - 1);
    if (left > 0) return [];
    return [problem("log", record.id, `stands in the topic again, at ${place(record)}`)];
  });
}

function checkEmitOrder(acknowledged: readonly AcknowledgedEvent[]): Problem[] {
  const last = new Map<string, AcknowledgedEvent>();
  const problems: Problem[] = [];
  for (const event of [...acknowledged].sort((a, b) => a.seq - b.seq)) {
    if (event.key === null) continue;
    const lane = `${event.topic} ${event.key}`;
    const before = last.get(lane);
    last.set(lane, event);
    if (before === undefined) continue;
    if (before.partition !== event.partition || before.offset >= event.offset)
      problems.push(
        problem(
          "log",
          event.id,
          `at ${place(event)}, emitted after ${before.id} at ${place(before)}`,
        ),
      );
  }
  return problems;
}
