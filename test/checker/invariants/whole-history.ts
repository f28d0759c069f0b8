import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../ledger/processes.ts";
import { type Attempt, type Channel, NEVER, NONE } from "../ledger/rows.ts";
import { spoilsOf } from "../ledger/spoils.ts";

/** An attempt may end this much behind its deadline, ms. */
const DEADLINE_SLACK_MS = 1_000;

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
  for (const { invokeCount, endCount, sequence, topic } of emissions.all) {
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
    const isTold = operations.some(({ line }) => line.f === f);
    if (!isTold) findings.breach(() => `no ${f}`);
  }
  for (const { name, stops, end, exit, terminateAt } of processes.lives) {
    findings.judged();
    const isUnasked = end === "exit" && exit === "0" && terminateAt === NONE;
    if (isUnasked) findings.breach(() => `${name} exits with 0, but was not terminated`);
    const isStopped = stops.length % 2 === 1 && end === "open";
    if (isStopped) findings.breach(() => `${name} was stopped and never continued or ended`);
  }
}

function judgeChannel(ledger: Ledger, channel: Channel, findings: Findings): void {
  if (ledger.parties.has("attempt")) judgeAttempts(ledger, channel, findings);
  for (const { answerOrder, delivery, id } of channel.arrivals) {
    findings.judged();
    if (answerOrder === NEVER) findings.breach(() => `arrival ${id} has no end`, delivery);
  }
  judgeEpochs(channel, findings);
  judgeCommits(ledger, channel, findings);
  if (ledger.parties.has("settle")) judgeSettles(channel, findings);
}

/** An attempt ends in its time unless its process does before, and belongs to an epoch. */
function judgeAttempts(ledger: Ledger, channel: Channel, findings: Findings): void {
  const { attempts, epochs, lateEpochs } = channel;
  if (!ledger.parties.has("ops")) return;
  const known = new Set([...lateEpochs, ...epochs.map(({ number }) => number)]);
  const { lives } = ledger.processes;
  let last: Life | undefined;
  for (const attempt of attempts) {
    findings.judged();
    const { delivery, epoch, process, sendOrder, endOrder } = attempt;
    if (!known.has(epoch)) {
      findings.breach(() => `is sent in epoch ${epoch}, which nobody was given`, delivery);
    }
    if (endOrder !== NEVER && lives.length === 0) continue;
    const life = isLiving(last, process, sendOrder) ? last : lifeAt(lives, process, sendOrder);
    last = life;
    if (life === undefined && lives.length > 0) {
      findings.breach(() => "is sent by a process that does not run", delivery);
    }
    if (endOrder !== NEVER || (life !== undefined && isCut(attempt, life))) continue;
    findings.breach(() => `attempt ${attempt.number} has no end`, delivery);
  }
}

function lifeAt(lives: readonly Life[], process: number, order: number): Life | undefined {
  return lives.find((life) => isLiving(life, process, order));
}

function isLiving(life: Life | undefined, process: number, order: number): boolean {
  if (life?.process !== process) return false;
  return life.startOrder < order && order < life.endOrder;
}

/** Whether its process ended, or was stopped, before an attempt's deadline. */
function isCut({ sendAt, delivery }: Attempt, { end, endAt, stops }: Life): boolean {
  const deadline = sendAt + delivery.channel.target.terms.timeoutMs + DEADLINE_SLACK_MS;
  return end !== "open" && (endAt <= deadline || stops.some((at) => at >= sendAt));
}

function judgeEpochs({ epochs, target, stream }: Channel, findings: Findings): void {
  for (const [index, { number }] of epochs.entries()) {
    findings.judged();
    if (epochs[index - 1]?.number !== number) continue;
    const name = `${target.terms.target} ${stream.topic}/${stream.partition}`;
    findings.breach(() => `epoch ${number} of ${name} begins twice`);
  }
}

/** A commit has an answer before its owner asks for the next one of its generation. */
function judgeCommits({ parties, processes }: Ledger, channel: Channel, findings: Findings): void {
  const { commits, stream, target } = channel;
  const name = `${target.terms.target} ${stream.topic}/${stream.partition}`;
  for (const [index, commit] of commits.entries()) {
    findings.judged();
    const { result, offset, id } = commit;
    const next = commits[index + 1];
    if (next?.process === commit.process && next.id === id) {
      findings.breach(() => `${name}: commit ${id ?? "?"} is asked for twice`);
    }
    if (result !== "open" || !parties.has("ops")) continue;
    const isCut = processes.lives.some((life) => {
      const isTheirs = life.process === commit.process && life.end !== "open";
      return isTheirs && life.endOrder > commit.sendOrder;
    });
    const isFollowed = next?.process === commit.process && next.generation === commit.generation;
    if (isCut && !isFollowed) continue;
    findings.breach(() => `${name}: the commit of ${offset} has no answer`);
  }
  if (parties.has("seen") && parties.has("commit")) judgeSeen(channel, name, findings);
}

/** What was acknowledged was seen, and what was seen was asked for or done by an operator. */
function judgeSeen(channel: Channel, name: string, findings: Findings): void {
  const { commits, seen } = channel;
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
  if (spoilsOf(channel).length > 0) return;
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
