import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Attempt, type Channel, NEVER, NONE } from "../ledger/rows.ts";

/** H: what was begun has an end, what has an end was begun, nothing is told twice. */
export const wholeHistory: Invariant = {
  title: "the history is whole: each line has its counterpart, once",
  needs: [],
  judge(ledger, findings) {
    for (const { message, delivery } of ledger.flaws) findings.breach(() => message, delivery);
    if (ledger.run === null) findings.breach(() => "no run line");
    judgeEmissions(ledger, findings);
    judgeStreams(ledger, findings);
    judgeOperations(ledger, findings);
    for (const channel of channelsOf(ledger)) judgeChannel(ledger, channel, findings);
  },
};

function judgeEmissions({ emissions }: Ledger, findings: Findings): void {
  for (const { invokeCount, endCount, sequence, topic } of emissions.all.values()) {
    findings.judged();
    if (invokeCount === endCount) continue;
    findings.breach(() => `the emit of sequence ${sequence} to ${topic} has no end`);
  }
}

function judgeStreams({ streams, parties }: Ledger, findings: Findings): void {
  if (!parties.has("log")) return;
  for (const { topic, partition, end } of streams) {
    findings.judged();
    if (end === NONE) findings.breach(() => `no end of ${topic}/${partition}`);
  }
}

function judgeOperations({ operations, parties, processes }: Ledger, findings: Findings): void {
  if (!parties.has("ops")) return;
  for (const f of ["heal", "rest"] as const) {
    findings.judged();
    const count = operations.filter(({ line }) => line.f === f).length;
    if (count === 0) findings.breach(() => `no ${f}`);
  }
  for (const { name, stops, end } of processes.lives) {
    findings.judged();
    const isStopped = stops.length % 2 === 1 && end === "open";
    if (isStopped) findings.breach(() => `${name} was stopped and never continued or ended`);
  }
}

function judgeChannel(ledger: Ledger, channel: Channel, findings: Findings): void {
  const { parties } = ledger;
  if (parties.has("attempt")) {
    for (const attempt of channel.attempts) judgeAttempt(ledger, attempt, findings);
  }
  for (const { answerOrder, delivery, id } of channel.arrivals) {
    findings.judged();
    if (answerOrder === NEVER) findings.breach(() => `arrival ${id} has no end`, delivery);
  }
  judgeCommits(ledger, channel, findings);
  if (parties.has("settle")) judgeSettles(channel, findings);
}

/** An attempt ends unless its process does. */
function judgeAttempt({ processes, parties }: Ledger, attempt: Attempt, findings: Findings): void {
  findings.judged();
  if (attempt.endOrder !== NEVER || !parties.has("ops")) return;
  const isCut = processes.lives.some(
    ({ process, end, endOrder }) =>
      process === attempt.process && end !== "open" && endOrder > attempt.sendOrder,
  );
  if (!isCut) findings.breach(() => `attempt ${attempt.number} has no end`, attempt.delivery);
}

function judgeCommits({ parties, processes }: Ledger, channel: Channel, findings: Findings): void {
  const { commits, stream, target } = channel;
  const name = `${target.terms.target} ${stream.topic}/${stream.partition}`;
  for (const { result, process, sendOrder, offset } of commits) {
    findings.judged();
    if (result !== "open" || !parties.has("ops")) continue;
    const isCut = processes.lives.some(
      (life) => life.process === process && life.end !== "open" && life.endOrder > sendOrder,
    );
    if (!isCut) findings.breach(() => `${name}: the commit of ${offset} has no answer`);
  }
  if (!parties.has("seen") || !parties.has("commit")) return;
  judgeSeen(channel, name, findings);
}

/** What was acknowledged was seen, and what was seen was asked for or done by an operator. */
function judgeSeen({ commits, seen, operations }: Channel, name: string, findings: Findings): void {
  const applied = new Map<string, number>();
  const keyOf = ({ offset, metadata }: (typeof seen)[number]): string => `${offset} ${metadata}`;
  for (const one of seen) applied.set(keyOf(one), (applied.get(keyOf(one)) ?? 0) + 1);
  const asked = new Map<string, number>();
  for (const one of commits) {
    asked.set(keyOf(one), (asked.get(keyOf(one)) ?? 0) + 1);
    if (one.result !== "ok") continue;
    const count = applied.get(keyOf(one)) ?? 0;
    if (count === 0) findings.breach(() => `${name}: the commit of ${one.offset} was never seen`);
    applied.set(keyOf(one), count - 1);
  }
  const isMeddled = operations.some(
    ({ line }) => line.f === "rewind" || line.f === "metadata-corrupted",
  );
  if (isMeddled) return;
  for (const one of seen) {
    const count = asked.get(keyOf(one)) ?? 0;
    if (count === 0) findings.breach(() => `${name}: nobody asked for the commit of ${one.offset}`);
    asked.set(keyOf(one), count - 1);
  }
}

/** A delivery settles at most once in an epoch, and what a commit covers did so in some epoch. */
function judgeSettles({ deliveries }: Channel, findings: Findings): void {
  for (const delivery of deliveries) {
    for (let one = delivery.firstSettle; one !== null; one = one.next) {
      findings.judged();
      for (let other = one.next; other !== null; other = other.next) {
        if (other.epoch !== one.epoch || other.process !== one.process) continue;
        const { epoch } = one;
        findings.breach(() => `settles twice in epoch ${epoch}`, delivery);
      }
    }
  }
}
