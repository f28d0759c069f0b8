export type { Audit, AuditAction, AuditValue, DiscardAction } from "./audit.ts";
export type { BreakerReset, BreakerResetValue } from "./breaker-reset.ts";
export { ControlBoard } from "./control-board.ts";
export type { PauseOrder } from "./control-board.ts";
export type { ControlChange } from "./control-change.ts";
export { readDiscardKey } from "./discard.ts";
export type { DiscardValue, WantedDiscard } from "./discard.ts";
export { memberNote, readMemberNote } from "./member-note.ts";
export type { MemberNote } from "./member-note.ts";
export { isInRuns, readRuns, runLengths, type OffsetRun } from "./offset-runs.ts";
export { pauseText } from "./pause.ts";
export type { Pause, PauseValue } from "./pause.ts";
export type { JobRange, ReplayJob, ReplayJobValue } from "./replay-job.ts";
export { readRedriveKey } from "./redrive.ts";
export type { RedriveValue, WantedRedrive } from "./redrive.ts";
export type {
  DeadLetterEvent,
  Resolution,
  ResolutionKind,
  ResolutionValue,
  WrittenLetter,
} from "./resolution.ts";
export { readMoveName, rewindText, rewindValue } from "./rewind.ts";
export type { Rewind, RewindMove, RewindOrder, RewindValue } from "./rewind.ts";
export type { AskedTime, TargetThrottle, ThrottleValue } from "./throttle.ts";
export type { Wish } from "./wish.ts";
