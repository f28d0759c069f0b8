export type { Cause, CauseKind } from "./causes/cause.ts";
export { CAUSE_KINDS } from "./causes/cause.ts";
export { causeText } from "./causes/cause-text.ts";
export { diagnose } from "./causes/diagnose.ts";
export type * from "./causes/facts.ts";
export type * from "./story/event-facts.ts";
export { STEP_KINDS, STORY_OUTCOMES } from "./story/event-story.ts";
export type {
  EventStory,
  StoryBody,
  StepKind,
  StoryOutcome,
  StoryStep,
  TargetStory,
} from "./story/event-story.ts";
export { storyText } from "./story/story-text.ts";
export { tellStory } from "./story/tell-story.ts";
export type { BreakerView } from "./view/breaker-view.ts";
export type { HoldView } from "./view/hold-view.ts";
export { JOBS_MAX } from "./view/job-view.ts";
export type { JobPartView, JobProgressView, JobView } from "./view/job-view.ts";
export type { Moment } from "./view/moment.ts";
export { FAILING_MAX } from "./view/partition-view.ts";
export type { LaneView, PartitionView } from "./view/partition-view.ts";
export { SET_ASIDE_MAX } from "./view/set-aside-view.ts";
export type { SetAsideView } from "./view/set-aside-view.ts";
export { viewTarget } from "./view/target-view.ts";
export type { HaltView, TargetView, ViewedTarget } from "./view/target-view.ts";
