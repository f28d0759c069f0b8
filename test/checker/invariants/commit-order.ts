import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { appliedCommits } from "../ledger/commit-log.ts";
import { type Channel, type Commit, NONE } from "../ledger/rows.ts";

/** `offset.metadata.max.bytes` of Kafka: a request that holds more of one partition commits none of it. */
const METADATA_MAX = 4_096;

/** S7. */
export const commitOrder: Invariant = {
  title:
    "a committed offset never goes back without a rewind, never passes the end of the log, and fits a commit",
  needs: [["commit", "seen"]],
  judge(ledger, findings) {
    for (const channel of channelsOf(ledger)) {
      judgeOrder(channel, appliedCommits(ledger, channel), findings);
      judgeTurns(channel, findings);
      judgeSizes(channel, findings);
    }
  },
};

/** Of two that a member has under way at once the lower may take effect last: one at a time in a generation. */
function judgeTurns({ commits, stream, target }: Channel, findings: Findings): void {
  const last = new Map<string, Commit>();
  for (const commit of commits) {
    const owner = `${commit.process}/${commit.generation}`;
    const before = last.get(owner);
    last.set(owner, commit);
    if (before === undefined || before.result === "open" || before.endOrder < commit.sendOrder) {
      continue;
    }
    const name = `${target.terms.target} ${stream.topic}/${stream.partition}`;
    findings.breach(
      () => `${name} is committed at ${commit.offset} while ${before.offset} is under way`,
    );
  }
}

function judgeSizes({ commits }: Channel, findings: Findings): void {
  for (const { offset, metadata } of commits) {
    findings.judged();
    if (metadata.length <= METADATA_MAX) continue;
    findings.breach(() => `commit of ${offset} has ${metadata.length} characters of metadata`);
  }
}

/** A commit asked for when a higher one had taken effect goes back; of two under way at once either may be first. */
function judgeOrder(channel: Channel, applied: readonly Commit[], findings: Findings): void {
  const { stream, target, operations } = channel;
  const rewinds = operations.filter(({ line }) => line.f === "rewind");
  const name = `${target.terms.target} ${stream.topic}/${stream.partition}`;
  let highest: Commit | null = null;
  for (const commit of applied) {
    findings.judged();
    if (stream.end !== NONE && commit.offset > stream.end) {
      findings.breach(
        () => `${name} is committed at ${commit.offset}, beyond the end ${stream.end}`,
      );
    }
    const before: Commit | null = highest;
    if (before !== null && commit.offset < before.offset && commit.sendOrder >= before.endOrder) {
      const isRewound = rewinds.some(
        ({ order }) => order > before.sendOrder && order <= commit.endOrder,
      );
      if (!isRewound) {
        findings.breach(() => `${name} goes back from ${before.offset} to ${commit.offset}`);
      } else highest = commit;
    }
    if (highest === null || commit.offset >= highest.offset) highest = commit;
  }
}
