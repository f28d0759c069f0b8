export {
  asEpoch,
  asJob,
  asOffset,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
} from "./core/lanes/identity.ts";
export type * from "./core/lanes/identity.ts";
export type * from "./core/lanes/attempt-result.ts";
export type * from "./ports/clock.ts";
export type * from "./ports/record-source.ts";
export type * from "./ports/record-sink.ts";
export type * from "./ports/parked-log.ts";
export type * from "./ports/replay-log.ts";
export type * from "./ports/state-log.ts";
export type * from "./ports/control-log.ts";
export type * from "./ports/attempt-sender.ts";
export type * from "./ports/event-preparer.ts";
export { JOURNAL_BODY_BYTES_MAX, WITHHELD } from "./ports/journal-bodies.ts";
export type { JournalBodies, JournalBody } from "./ports/journal-bodies.ts";
export type * from "./ports/telemetry.ts";
export { NO_TELEMETRY } from "./ports/no-telemetry.ts";
export { Bag, type Bagged } from "./bag.ts";
export { ERRORS, MillraceError, assert } from "./errors.ts";
export type { Disposition, ErrorCode } from "./errors.ts";
export { DEFAULTS, RETRY_AFTER_MAX_MS } from "./core/config.ts";
export type * from "./core/config.ts";
export { decodeDoneSet, encodeDoneSet, METADATA_LENGTH_MAX } from "./core/offsets/done-set.ts";
export type { DoneRun } from "./core/offsets/done-set.ts";
export { keptAttempts } from "./core/lanes/attempt-log.ts";
export type * from "./core/lanes/delivery.ts";
export { laneNameOf } from "./core/lanes/lane.ts";
export type * from "./core/effect.ts";
export type * from "./core/input.ts";
export type * from "./core/aside/marker.ts";
export type { DiscardRequest, RedriveRequest } from "./core/aside/redrive.ts";
export type { Pauser } from "./core/guards/pause.ts";
export { ClosedPrefix } from "./driver/aside/closed-prefix.ts";
export type * from "./driver/aside/closed-prefix.ts";
export { listSetAside } from "./driver/aside/set-aside-keys.ts";
export { asideEpochOf, isCut, originalRecord } from "./driver/aside/set-aside-record.ts";
export type { SetAsideKey } from "./driver/aside/set-aside-keys.ts";
export { claimForRewind, releaseReread } from "./driver/aside/rewind.ts";
export type { ClaimedForRewind, RewindContext, RewoundPartition } from "./driver/aside/rewind.ts";
export type * from "./core/replay/replay.ts";
export { LIVE_PER_REPLAY } from "./core/replay/weight.ts";
export { listReplays } from "./driver/replay/replay-progress.ts";
export type { ReplayProgress } from "./driver/replay/replay-progress.ts";
export type { ReplayNote } from "./core/aside/progress.ts";
export { begunKey, claimKey, markerKey, placeOf, readBegun } from "./driver/aside/state-keys.ts";
export type { ClaimValue, MarkerValue } from "./driver/aside/state-keys.ts";
export type { ReplayOrder, ReplayStatus } from "./driver/replay/replay-keeper.ts";
export type { ReplaySelect } from "./driver/replay/replay-reader.ts";
export { createState } from "./core/state.ts";
export type * from "./core/state.ts";
export { step } from "./core/step.ts";
export {
  DROPPED,
  JOURNAL_TEXT_MAX,
  journalKey,
  journalText,
} from "./driver/journal/journal-entry.ts";
export type * from "./driver/journal/journal-entry.ts";
export { JournalPageBuilder } from "./driver/journal/journal-page.ts";
export { JOURNAL_RECORD, JOURNAL_SCHEMA } from "./driver/journal/journal-schema.ts";
export type * from "./driver/options.ts";
export type { AsideWish } from "./driver/aside/redrive-wishes.ts";
export { systemClock, systemEntropy } from "./driver/system.ts";
export { TargetDriver } from "./driver/target-driver.ts";
