import type { Findings, Invariant } from "../findings.ts";
import type { Emission } from "../ledger/emissions.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Delivery, NEVER, NONE, type SourceRecord, type Stream } from "../ledger/rows.ts";

/** S1. */
export const acknowledgedIsLogged: Invariant = {
  title: "every acknowledged event is in the log",
  needs: [["emit"], ["log"]],
  judge(ledger, findings) {
    for (const emission of ledger.emissions.all.values()) {
      if (!emission.isOk) continue;
      findings.judged();
      const { foundCount, sequence, topic, partition, offset } = emission;
      if (foundCount === 0) {
        findings.breach(() => `acknowledged at ${topic}/${partition}/${offset}, but in no log`);
      } else if (partition !== NONE && !isAt(ledger, emission)) {
        findings.breach(() => `sequence ${sequence} is not at ${topic}/${partition}/${offset}`);
      }
    }
  },
};

/** S2. */
export const loggedWasEmitted: Invariant = {
  title: "nothing is in the log, given up or at a target that was not emitted",
  needs: [["log"]],
  judge(ledger, findings) {
    const emitted = new Set<string>();
    for (const { topic } of ledger.emissions.all.values()) emitted.add(topic);
    for (const stream of ledger.streams) {
      if (emitted.has(stream.topic)) judgeSources(ledger, stream, findings);
      for (const record of stream.records.values()) {
        if (record.logCount === 0) judgeUnlogged(record, findings);
      }
    }
  },
};

/** S3. */
export const oneOffsetOneEvent: Invariant = {
  title: "an offset has one value, and an event one offset unless its emit was repeated",
  needs: [["log"]],
  judge({ streams, emissions }, findings) {
    for (const { logged } of streams) {
      for (const record of logged) {
        findings.judged();
        if (record.logCount === NEVER) findings.breach(() => "has two values", anyOf(record));
        else if (record.logCount > 1) findings.breach(() => "is read twice", anyOf(record));
      }
    }
    for (const {
      foundCount,
      invokeCount,
      topic,
      foundOffset,
      sequence,
    } of emissions.all.values()) {
      if (foundCount <= 1 || invokeCount > 1) continue;
      findings.breach(
        () =>
          `sequence ${sequence} to ${topic}, emitted once, is logged ${foundCount} times from ${foundOffset} on`,
      );
    }
  },
};

/** S4. */
export const emitOrder: Invariant = {
  title: "events of one producer and key stand in the log in the order they were emitted in",
  needs: [["emit"], ["log"]],
  judge({ streams, emissions }, findings) {
    const last = new Map<number, Emission>();
    for (const { logged, partition } of streams) {
      for (const record of logged) {
        const emission = record.identity === NONE ? undefined : emissions.all.get(record.identity);
        const isFirst =
          emission?.foundOffset === record.offset && emission.foundPartition === partition;
        if (emission === undefined || !isFirst || emission.thread === NONE) continue;
        findings.judged();
        const before = last.get(emission.thread);
        last.set(emission.thread, emission);
        if (before === undefined || isBehind(before, emission)) continue;
        findings.breach(
          () => `sequence ${emission.sequence} stands behind ${before.sequence}`,
          anyOf(record),
        );
      }
    }
  },
};

function isBehind(before: Emission, emission: Emission): boolean {
  return before.sequence < emission.sequence && before.foundPartition === emission.foundPartition;
}

function isAt({ streams }: Ledger, { topic, partition, offset, identity }: Emission): boolean {
  const stream = streams.find((one) => one.topic === topic && one.partition === partition);
  const record = stream?.records.get(offset);
  return record !== undefined && record.logCount > 0 && record.identity === identity;
}

function judgeSources({ emissions }: Ledger, { logged }: Stream, findings: Findings): void {
  for (const record of logged) {
    if (record.identity === NONE) continue;
    findings.judged();
    const emission = emissions.all.get(record.identity);
    if (emission === undefined) {
      findings.breach(() => "is in the log, but nobody emitted it", anyOf(record));
    } else if (emission.isFailed && emission.endCount === emission.invokeCount) {
      findings.breach(() => "is in the log, but its emit failed", anyOf(record));
    } else if (emission.sha !== record.sha) {
      findings.breach(() => "is in the log with another value than was emitted", anyOf(record));
    }
  }
}

function judgeUnlogged({ deliveries }: SourceRecord, findings: Findings): void {
  for (const delivery of deliveries) {
    if (delivery === undefined) continue;
    findings.judged();
    const { firstArrival, firstAttempt, firstGivenUp } = delivery;
    if (firstArrival !== null) findings.breach(() => "arrives, but is in no log", delivery);
    else if (firstGivenUp !== null) findings.breach(() => "is given up, but in no log", delivery);
    else if (firstAttempt !== null) findings.breach(() => "is sent, but in no log", delivery);
  }
}

function anyOf({ deliveries }: SourceRecord): Delivery | null {
  return deliveries.find((delivery) => delivery !== undefined) ?? null;
}
