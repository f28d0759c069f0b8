import { readCoverage } from "../done-set.ts";
import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { appliedCommits } from "../ledger/commit-log.ts";
import type { Channel, Commit, Delivery } from "../ledger/rows.ts";
import { NEVER } from "../ledger/rows.ts";

/** S5. */
export const settledBelowCommit: Invariant = {
  title: "every record below the committed offset is delivered, dead-lettered, parked or filtered",
  needs: [["log"], ["commit", "seen"], ["recv", "attempt"]],
  judge(ledger, findings) {
    for (const channel of channelsOf(ledger)) {
      const committed = appliedCommits(ledger, channel).at(-1);
      if (committed === undefined) continue;
      for (const delivery of channel.deliveries) {
        if (delivery.offset >= committed.offset) break;
        if (delivery.offset < channel.floor || delivery.expected === "unknown") continue;
        findings.judged();
        if (delivery.endedOrder !== NEVER) continue;
        findings.breach(() => `${delivery.expected}, but its end is nowhere`, delivery);
      }
    }
  },
};

/** S6. */
export const settledAtCommit: Invariant = {
  title: "that held when each commit was asked for, its done set included",
  needs: [["log"], ["commit", "seen"], ["recv", "attempt"]],
  judge(ledger, findings) {
    const isByMembers = ledger.parties.has("commit");
    for (const channel of channelsOf(ledger)) {
      const sweep = new CommitSweep(channel, findings);
      for (const commit of isByMembers ? channel.commits : channel.seen) {
        findings.judged();
        sweep.check(commit);
      }
    }
  },
};

/**
 * What is settled stays so: each record is looked at once, at the first commit that covers it. `#next` leads from each
 * place to the next one that is not yet looked at.
 */
class CommitSweep {
  readonly #deliveries: readonly Delivery[];
  readonly #floor: number;
  readonly #findings: Findings;
  readonly #next: Int32Array;

  constructor({ deliveries, floor }: Channel, findings: Findings) {
    this.#deliveries = deliveries;
    this.#floor = floor;
    this.#findings = findings;
    this.#next = Int32Array.from({ length: deliveries.length + 1 }, (_, index) => index);
  }

  check(commit: Commit): void {
    this.#cover(commit, this.#floor, commit.offset);
    const { runs } = readCoverage(commit.offset, commit.metadata);
    for (let index = 0; index < runs.length; index += 2) {
      this.#cover(commit, runs[index] ?? 0, runs[index + 1] ?? 0);
    }
  }

  #cover(commit: Commit, from: number, to: number): void {
    let place = this.#unseen(this.#placeOf(from));
    for (;;) {
      const delivery = this.#deliveries[place];
      if (delivery === undefined || delivery.offset >= to) return;
      this.#next[place] = place + 1;
      this.#look(commit, delivery);
      place = this.#unseen(place + 1);
    }
  }

  #look(commit: Commit, delivery: Delivery): void {
    if (delivery.expected === "unknown" || delivery.settledOrder < commit.sendOrder) return;
    const when = delivery.settledOrder === NEVER ? "which never ends" : "which ends later";
    this.#findings.breach(() => `commit of ${commit.offset} covers it, ${when}`, delivery);
  }

  /** The first place at or behind this one that is not yet looked at. */
  #unseen(place: number): number {
    let root = place;
    while ((this.#next[root] ?? root) !== root) root = this.#next[root] ?? root;
    for (let at = place; at !== root;) {
      const after = this.#next[at] ?? root;
      this.#next[at] = root;
      at = after;
    }
    return root;
  }

  #placeOf(offset: number): number {
    let low = 0;
    let high = this.#deliveries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#deliveries[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
