export { readAsideTopic } from "./dead-letters/aside-topic.ts";
export type { AsideReading, ReadingProgress } from "./dead-letters/aside-topic.ts";
export { readDeadLetter } from "./dead-letters/dead-letter.ts";
export type { DeadLetter, SourcePlace } from "./dead-letters/dead-letter.ts";
export { DeadLetterShelf } from "./dead-letters/open-dead-letters.ts";
export type { OpenDeadLetter, Standing } from "./dead-letters/open-dead-letters.ts";
export { ParkedCount } from "./dead-letters/parked-count.ts";
export { RedriveCourse } from "./redrive/redrive-course.ts";
export type { RedriveCounts, RedrivePace, RedriveStage } from "./redrive/redrive-course.ts";
