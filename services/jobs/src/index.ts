export { readAsideTopic } from "./dead-letters/aside-topic.ts";
export type { AsideReading, OffsetSpan, ReadingProgress } from "./dead-letters/aside-topic.ts";
export { readDeadLetter, readOriginal, readSourcePlace } from "./dead-letters/dead-letter.ts";
export type { DeadLetter, SourcePlace } from "./dead-letters/dead-letter.ts";
export { DeadLetterShelf } from "./dead-letters/open-dead-letters.ts";
export type { OpenDeadLetter, Standing } from "./dead-letters/open-dead-letters.ts";
export { ParkedCount } from "./dead-letters/parked-count.ts";
export { RedriveCourse } from "./redrive/redrive-course.ts";
export type { RedriveCounts, RedrivePace, RedriveStage } from "./redrive/redrive-course.ts";
export { AsideSweeper } from "./retention/aside-sweeper.ts";
export type {
  Deletion,
  SweepEnd,
  SweepListener,
  SweepPorts,
  SweepWish,
  SweptTarget,
} from "./retention/aside-sweeper.ts";
export { changedTerms } from "./shadow/changed-terms.ts";
export type { ShadowChange } from "./shadow/comparison.ts";
export { HEADERS_LEFT_OUT } from "./shadow/request-diff.ts";
export type { GroupLimits, LeftOut, ShadowGroup, ShadowSample } from "./shadow/shadow-groups.ts";
export { ShadowReplay } from "./shadow/shadow-replay.ts";
export type { ShadowResult, ShadowSide, UnchangedOutcome } from "./shadow/shadow-replay.ts";
export type { ShownChange } from "./shadow/shape.ts";
export type { ShownOutcome } from "./shadow/shown-outcome.ts";
