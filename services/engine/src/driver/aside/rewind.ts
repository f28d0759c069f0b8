/**
 * What a rewind does in the state topic, for a group without members, whose offsets are set from outside.
 *
 * - It claims the partitions as an owner does, so that nothing holds which a process writes late that has lost them: a marker
 *   would keep a key's events from being read again.
 * - Once the offsets are set, it releases deferred keys whose parked events are read again from the source: their detour
 *   and the live lane would share them. All of such a key below the new offset is settled, and all from there on is read, so
 *   nothing is lost; before the offsets are set it would be.
 * - Markers of dead letters stay: only a redrive ends them. A deferred key with parked events below the new offset stays
 *   too: nobody else would send those.
 */
import type { Epoch, Offset, TopicPartition } from "../../core/lanes/identity.ts";
import { partitionName } from "../../core/state.ts";
import { assert } from "../../errors.ts";
import type { DriverOptions, DriverPorts } from "../options.ts";
import { ClaimWriter } from "./claim-writer.ts";
import { RELEASED } from "./marker-writer.ts";
import { asideIn } from "./markers.ts";
import { markerKey, type MarkerValue } from "./state-keys.ts";

/** A partition, and where the group goes on in it. */
export interface RewoundPartition extends TopicPartition {
  readonly to: Offset;
}

/** A partition that a rewind has claimed. */
export interface ClaimedForRewind extends RewoundPartition {
  readonly epoch: Epoch;
}

/** As whom, and with what. */
export interface RewindContext {
  readonly options: Pick<DriverOptions, "processId" | "target">;
  readonly ports: Pick<DriverPorts, "clock" | "stateLog">;
}

/**
 * Claims partitions of a group without members; resolves when everything that was written before is in the view.
 * @throws MillraceError of the state log; may be repeated.
 */
export async function claimForRewind(
  partitions: readonly RewoundPartition[],
  { options, ports }: RewindContext,
): Promise<readonly ClaimedForRewind[]> {
  const epochs = await new ClaimWriter(options, ports).claim(partitions);
  return partitions.map((partition, index) => {
    const epoch = epochs[index];
    assert(epoch !== undefined, "I8: a partition is rewound without a claim");
    return { ...partition, epoch };
  });
}

/**
 * Releases deferred keys all of whose parked events are read again; the offsets have been set. Gives their number.
 * @throws MillraceError of the state log; may be repeated.
 */
export async function releaseReread(
  claimed: readonly ClaimedForRewind[],
  { options: { target }, ports: { clock, stateLog } }: RewindContext,
): Promise<number> {
  const aside = asideIn(claimed, { target, stateLog });
  const at = new Date(clock.wallNow()).toISOString();
  const entries = claimed.flatMap((partition) => {
    const keys = aside.get(partitionName(partition.topic, partition.partition)) ?? [];
    const reread = keys.filter(({ marker, next }) => {
      return marker.kind === "deferred" && partition.to <= next;
    });
    return reread.map(({ marker: { lane }, next }, write) => {
      const value: MarkerValue = { v: 1, ...RELEASED, offset: next, at };
      return { key: markerKey(target, partition, { epoch: partition.epoch, lane, write }), value };
    });
  });
  if (entries.length > 0) await stateLog.append(entries);
  return entries.length;
}
