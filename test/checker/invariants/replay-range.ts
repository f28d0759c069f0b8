import type { Findings, Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Channel, type Delivery, NEVER, type Operation } from "../ledger/rows.ts";

/** S20. */
export const replayRange: Invariant = {
  title: "a replay sends exactly its range, and what its filters leave of it",
  needs: [["ops"], ["recv"], ["log"]],
  judge(ledger, findings) {
    const replays = ledger.operations.filter(({ line }) => line.f === "replay");
    if (replays.length === 0) findings.cannotJudge("nothing was replayed");
    for (const replay of replays) {
      for (const channel of ledger.targetOf(replay.line.target ?? "")?.channels ?? []) {
        judgeChannel(ledger, { channel, replay, findings });
      }
    }
  },
};

interface Judging {
  readonly channel: Channel;
  readonly replay: Operation;
  readonly findings: Findings;
}

function judgeChannel(ledger: Ledger, { channel, replay, findings }: Judging): void {
  const { line } = replay;
  const job = ledger.names.jobOf(line.job ?? line.who);
  const isDone = ledger.operations.some((one) => {
    return one.line.f === "job-done" && one.line.job === line.job && one.order > replay.order;
  });
  for (const delivery of channel.deliveries) {
    const isWanted = isInRange(ledger, delivery, replay);
    const isSent = hasJob(delivery, job);
    if (!isWanted && !isSent) continue;
    findings.judged();
    if (!isWanted) findings.breach(() => `is outside of the replay that sends it`, delivery);
    else if (isDone && !isSent && delivery.expected === "deliver") {
      findings.breach(() => `is in the range of a replay that is through, but not sent`, delivery);
    }
  }
}

function isInRange(
  { names }: Ledger,
  { channel: { stream }, record, expected }: Delivery,
  { line }: Operation,
): boolean {
  if (line.topic !== undefined && line.topic !== stream.topic) return false;
  if (line.partition !== undefined && line.partition !== stream.partition) return false;
  if (line.key !== undefined && names.keyOf(line.key) !== record.key) return false;
  const isBetween = record.offset >= (line.from ?? 0) && record.offset < (line.to ?? NEVER);
  return isBetween && expected !== "filtered";
}

function hasJob({ firstArrival }: Delivery, job: number): boolean {
  for (let one = firstArrival; one !== null; one = one.next) if (one.job === job) return true;
  return false;
}
