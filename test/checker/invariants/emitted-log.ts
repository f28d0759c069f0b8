import type { Findings, Invariant } from "../findings.ts";
import type { Emission } from "../ledger/emissions.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { NEVER, NONE, type SourceRecord, type Stream } from "../ledger/rows.ts";

/** S1. */
export const acknowledgedIsLogged: Invariant = {
  title: "every acknowledged event is in the log",
  needs: [["emit"], ["log"]],
  judge(ledger, findings) {
    for (const emission of ledger.emissions.all) {
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
    for (const { topic, invokeCount } of ledger.emissions.all) {
      if (invokeCount > 0) emitted.add(topic);
    }
    for (const stream of ledger.streams) {
      if (emitted.has(stream.topic)) judgeSources(stream, findings);
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
        if (record.logCount === NEVER)
          findings.breach(() => "has two values", record.firstDelivery);
        else if (record.logCount > 1) findings.breach(() => "is read twice", record.firstDelivery);
      }
    }
    for (const { foundCount, invokeCount, topic, foundOffset, sequence } of emissions.all) {
      if (foundCount <= 1 || invokeCount !== 1) continue;
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
  judge({ streams }, findings) {
    const last = new Map<number, Emission>();
    for (const { logged, partition } of streams) {
      for (const record of logged) {
        const emission = record.event;
        const isFirst =
          emission?.foundOffset === record.offset && emission.foundPartition === partition;
        if (emission === null || !isFirst || emission.thread === NONE) continue;
        findings.judged();
        const before = last.get(emission.thread);
        last.set(emission.thread, emission);
        if (before === undefined || isBehind(before, emission)) continue;
        findings.breach(
          () => `sequence ${emission.sequence} stands behind ${before.sequence}`,
          record.firstDelivery,
        );
      }
    }
  },
};

function isBehind(before: Emission, emission: Emission): boolean {
  return before.sequence < emission.sequence && before.foundPartition === emission.foundPartition;
}

function isAt({ streams }: Ledger, emission: Emission): boolean {
  const { topic, partition, offset } = emission;
  const stream = streams.find((one) => one.topic === topic && one.partition === partition);
  const record = stream?.records.get(offset);
  return record !== undefined && record.logCount > 0 && record.event === emission;
}

function judgeSources({ logged }: Stream, findings: Findings): void {
  for (const record of logged) {
    const emission = record.event;
    if (emission === null) continue;
    findings.judged();
    if (emission.invokeCount === 0) {
      findings.breach(() => "is in the log, but nobody emitted it", record.firstDelivery);
    } else if (!emission.mayStand && emission.endCount === emission.invokeCount) {
      findings.breach(() => "is in the log, but its emit failed", record.firstDelivery);
    } else if (emission.sha !== record.sha) {
      findings.breach(
        () => "is in the log with another value than was emitted",
        record.firstDelivery,
      );
    }
  }
}

function judgeUnlogged({ firstDelivery }: SourceRecord, findings: Findings): void {
  for (let delivery = firstDelivery; delivery !== null; delivery = delivery.sibling) {
    findings.judged();
    const { firstArrival, firstAttempt, firstGivenUp } = delivery;
    if (firstArrival !== null) findings.breach(() => "arrives, but is in no log", delivery);
    else if (firstGivenUp !== null) findings.breach(() => "is given up, but in no log", delivery);
    else if (firstAttempt !== null) findings.breach(() => "is sent, but in no log", delivery);
  }
}
