import { covers, type Coverage, readCoverage } from "../done-set.ts";
import { appliedCommits, lastBefore } from "./commit-log.ts";
import type { Ledger } from "./ledger.ts";
import {
  type Channel,
  type Commit,
  type Delivery,
  type Epoch,
  NONE,
  type Progress,
  type ReplayStepRow,
} from "./rows.ts";
import { isInForce } from "./settlement.ts";

/** An epoch with what its owner could know when it began. */
export interface Takeover {
  readonly epoch: Epoch;
  /** Null for the first one. */
  readonly before: Epoch | null;
  /** The last commit that had taken effect; null where there was none. */
  readonly base: Commit | null;
  readonly coverage: Coverage;
  /** Whether the run itself spoiled the metadata of that commit. */
  readonly isCorrupted: boolean;
}

/** All takeovers of a channel, in order. */
export function takeoversOf(ledger: Ledger, channel: Channel): readonly Takeover[] {
  const applied = appliedCommits(ledger, channel);
  const spoils = channel.operations.filter(({ line }) => line.f === "metadata-corrupted");
  return channel.epochs.map((epoch, index) => {
    const base = lastBefore(applied, epoch.startOrder);
    const isCorrupted = spoils.some(
      ({ order }) => order < epoch.startOrder && order > (base?.sendOrder ?? 0),
    );
    const metadata = isCorrupted ? "" : (base?.metadata ?? "");
    return {
      ...{ epoch, base, isCorrupted, before: channel.epochs[index - 1] ?? null },
      coverage: readCoverage(base?.offset ?? 0, metadata),
    };
  });
}

/**
 * Whether a new owner must not send a delivery: the last commit covers it. An event that was parked goes on from there
 * although commits pass it, so of these it is how far their key has gone on since then that counts.
 */
export function isTakenOver({ coverage, epoch }: Takeover, delivery: Delivery): boolean {
  const { channel, offset, record } = delivery;
  if (!covers(coverage, offset)) return false;
  const parkedOrder = lastParked(delivery, epoch.startOrder);
  if (parkedOrder === NONE) return true;
  return channel.progress.some((progress) => {
    const { order, key, next } = progress;
    const isBetween = order > parkedOrder && order < epoch.startOrder;
    const isAbove = key === record.key && next > offset;
    return isBetween && isAbove && !isOvertaken(channel, progress);
  });
}

/** Whether an entry came after another process had claimed the partition: the new owner does not go by it. */
export function isOvertaken(
  { claims }: Channel,
  { epoch, place }: Pick<Progress, "epoch" | "place">,
): boolean {
  return claims.some((claim) => epoch < claim && claim < place);
}

/** How far a replay came in a channel, by the words of owners that held it. */
export function stepsInForce(channel: Channel, job: number): readonly ReplayStepRow[] {
  return channel.replaySteps.filter((step) => step.job === job && !isOvertaken(channel, step));
}

/** When it was parked last before a moment; NONE where it was not. */
function lastParked({ channel, firstGivenUp }: Delivery, before: number): number {
  let last = NONE;
  for (let one = firstGivenUp; one !== null; one = one.next) {
    const isWanted = one.kind === "park" && one.order < before && one.order > last;
    if (isWanted && isInForce(channel, one)) last = one.order;
  }
  return last;
}
