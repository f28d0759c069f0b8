/**
 * Taking partitions over: claims first, then where each one starts. Nothing is dispatched before it is done.
 *
 * - The claim's offset in the state topic is the epoch; the topic is read up to our own claims before the first
 *   dispatch, so that nothing an earlier owner wrote is missed.
 * - Which keys earlier owners set aside is judged by the claims (markers.ts).
 * - Where each partition begins: starts.ts.
 */
import type { Epoch } from "../core/lanes/identity.ts";
import type { AssignedInput } from "../core/input.ts";
import type { AsideTakeover } from "../core/aside/marker.ts";
import { partitionName } from "../core/state.ts";
import { assert } from "../errors.ts";
import type { AssignedPartition, Assignment, OffsetCommit, PartitionHalt } from "../ports.ts";
import type { ClaimWriter } from "./aside/claim-writer.ts";
import type { DeadLetterPlaces } from "./dead-letters/dead-letter-places.ts";
import { judgeMarkers } from "./aside/markers.ts";
import type { DriverOptions, DriverPorts } from "./options.ts";
import { judgeReplays, type ReplaySteps } from "./replay/replay-steps.ts";
import { commitStarts, findStarts, type Start } from "./starts.ts";

/** What a takeover gives: what the engine owns now, and what must stand still. */
export interface Takeover {
  readonly owned: readonly AssignedInput[];
  readonly halted: readonly PartitionHalt[];
  /** How far replays came in what was taken, by partition name. */
  readonly replays: ReadonlyMap<string, ReplaySteps>;
}

/** What every part of a takeover works with. */
interface Context {
  readonly assignment: Assignment;
  readonly claims: ClaimWriter;
  /**
   * What earlier tries of this takeover committed, which the assignment does not know. Without it a try that failed behind
   * its commit would look like offsets that are gone.
   */
  readonly committed: Map<AssignedPartition, OffsetCommit>;
  /** Whether the engine still holds a partition of the generation before. */
  readonly isKnown: (partition: AssignedPartition) => boolean;
  readonly places: DeadLetterPlaces;
  readonly options: DriverOptions;
  readonly ports: Pick<DriverPorts, "source" | "stateLog" | "clock">;
}

/**
 * Takes an assignment over.
 * @throws MillraceError of the ports; every step may be repeated.
 */
export async function takeOver(context: Context): Promise<Takeover> {
  const { partitions } = context.assignment;
  // One that is continued but unknown was assigned to a takeover that never ended: nobody holds its state.
  const isKept = (partition: AssignedPartition): boolean =>
    partition.isContinued && context.isKnown(partition);
  const taken = partitions.filter((partition) => !isKept(partition));
  const epochs = await claim(taken, context);
  const { starts, halted } = await findStarts(epochs, context);
  await commitStarts(starts, context);
  const { options, ports } = context;
  const claimed = [...epochs].map(([{ topic, partition }, epoch]) => ({ topic, partition, epoch }));
  // Before the claims that they are judged by are forgotten.
  const judging = { target: options.target, stateLog: ports.stateLog };
  const replays = await judgeReplays(claimed, judging);
  const markers = await judgeMarkers(claimed, {
    target: options.target,
    stateLog: ports.stateLog,
    places: context.places,
  });
  const owned: AssignedInput[] = partitions
    .filter(isKept)
    .map(({ topic, partition }) => ({ kind: "continued", topic, partition }));
  for (const start of starts) owned.push(takenInput(start, markers));
  return { owned, halted, replays };
}

async function claim(
  taken: readonly AssignedPartition[],
  { claims }: Context,
): Promise<ReadonlyMap<AssignedPartition, Epoch>> {
  const offsets = await claims.claim(taken);
  const epochs = new Map<AssignedPartition, Epoch>();
  for (const [index, partition] of taken.entries()) {
    const epoch = offsets[index];
    assert(epoch !== undefined, "I8: a partition is taken without a claim");
    epochs.set(partition, epoch);
  }
  return epochs;
}

function takenInput(
  { partition: { topic, partition, logEndOffset }, epoch, offset, metadata }: Start,
  markers: ReadonlyMap<string, readonly AsideTakeover[]>,
): AssignedInput {
  return {
    kind: "taken",
    topic,
    partition,
    epoch,
    committed: { offset, metadata },
    logEndOffset,
    markers: markers.get(partitionName(topic, partition)) ?? [],
  };
}
