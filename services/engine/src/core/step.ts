/**
 * The delivery engine of one target: a synchronous function from a state and inputs to effects. No clock, no
 * randomness, no I/O, no waiting; time and entropy come in with them. See ../../SPEC.md.
 *
 * Invariants kept here and below (SPEC.md numbers them the same):
 * I1 the committable offset is the lowest unsettled one and never goes back (offset-tracker.ts)
 * I2 per lane at most one attempt or write is open, always of its head (dispatch.ts, settlement.ts)
 * I3 a delivery settles once (offset-tracker.ts)
 * I4 what an ended epoch still produces is dropped (settlement.ts, assignment.ts)
 * I5 one commit is in flight at a time, of the current generation (commit.ts)
 * I6 a dead letter is acknowledged before its offset settles (write-ends.ts)
 * I17 the marker of a key is acknowledged before its dead-lettered event settles (write-ends.ts)
 * I18 an event is parked before it settles as parked (write-ends.ts)
 * I32 no key is called twice at once, live or by a replay (contention.ts)
 * I39 what one process is asked to wait holds the others, and is told once (throttle.ts)
 * I40 nothing that is to be dropped is sent, by whatever owner (detour.ts)
 */
import { beginGeneration, endEpochs, fence } from "./lanes/assignment.ts";
import { noteAppetite } from "./offsets/bounds.ts";
import { acknowledgeCommit, failCommit, mayCommit, sendCommit } from "./offsets/commit.ts";
import type { StepContext } from "./context.ts";
import { deferSlowKeys, nextLookAt } from "./aside/deferral.ts";
import { beginReadings, failReading, noteCover, noteDrops, takeDetour } from "./aside/detour.ts";
import { dispatch, nextDispatchAt, wakeDueLanes } from "./lanes/dispatch.ts";
import { mayBegin } from "./lanes/may-begin.ts";
import type { Effect } from "./effect.ts";
import { StepRandom } from "./entropy.ts";
import type { Input, Moment } from "./input.ts";
import { takeRecords } from "./lanes/intake.ts";
import { resetBreaker } from "./guards/breaker.ts";
import { throttleTarget } from "./guards/hold.ts";
import { endAttempts } from "./lanes/settlement.ts";
import { pauseTarget, resumeTarget } from "./guards/pause.ts";
import { nextTellAt, tellThrottle } from "./guards/throttle.ts";
import {
  acknowledgeProgress,
  failProgress,
  isProgressing,
  nextProgressAt,
  sendProgress,
} from "./aside/progress.ts";
import { discard, redrive } from "./aside/redrive.ts";
import {
  advanceReplays,
  beginReplay,
  endReplays,
  failReading as failReplayReading,
  steerReplays,
  takeFound,
} from "./replay/course.ts";
import type { EngineState } from "./state.ts";
import {
  endDeadLetters,
  endMarks,
  endParks,
  endReleases,
  failMarks,
  failParks,
  failReleases,
  failWrites,
} from "./aside/write-ends.ts";

/**
 * Takes inputs in, in order, and gives what is to be done, in order. No call begins before the last of them is taken in.
 * @throws MillraceError `INVARIANT_BROKEN` when an invariant does not hold; the process must halt.
 */
export function step<P>(
  state: EngineState<P>,
  inputs: readonly Input<P>[],
  moment: Moment,
): readonly Effect<P>[] {
  const context: StepContext<P> = {
    state,
    effects: [],
    now: moment.now,
    wallNow: moment.wallNow,
    random: new StepRandom(moment.entropy),
    inFlightBefore: state.inFlightCount,
  };
  for (const input of inputs) apply(context, input);
  wakeDueLanes(context);
  deferSlowKeys(context);
  dispatch(context);
  if (mayBegin(state)) beginReadings(context);
  advanceReplays(context);
  noteAppetite(context);
  sendCommit(context);
  sendProgress(context);
  tellThrottle(context);
  reportDrained(context);
  askForWake(context);
  return context.effects;
}

type AsideInput<P> = Extract<
  Input<P>,
  {
    kind:
      | "redrive"
      | "discard"
      | `${"dead-letters" | "marks" | "parks" | "progress" | "releases"}-${string}`
      | `detour-${string}`;
  }
>;

function apply<P>(context: StepContext<P>, input: Input<P>): void {
  switch (input.kind) {
    case "assigned":
      return beginGeneration(context, input);
    case "records":
      return takeRecords(context, input);
    case "attempts-ended":
      return endAttempts(context, input.ends);
    case "commit-acknowledged":
      return endCommit(context, input.id);
    case "commit-failed":
      return failCommit(context, input.id, input.isFenced);
    case "pause":
      return pauseTarget(context, input.by, input.reason);
    case "resume":
      return resumeTarget(context, input.by);
    case "throttle":
      return throttleTarget(context, input);
    case "breaker-reset":
      return resetBreaker(context);
    case "drain":
      if (context.state.membership === "active") context.state.membership = "draining";
      return;
    case "revoked":
      return endEpochs(context, input.partitions);
    case "fenced":
      return fence(context);
    case "tick":
      context.state.wakeAt = Infinity;
      return;
    case "replay":
      return beginReplay(context, input);
    case "replay-steered":
      return steerReplays(context, input);
    case "replay-found":
      return takeFound(context, input);
    case "replay-failed":
      return failReplayReading(input.reading, input.failure);
    default:
      return applyAside(context, input);
  }
}

/** What is written of keys that are set aside, and what is read of them. */
function applyAside<P>(context: StepContext<P>, input: AsideInput<P>): void {
  switch (input.kind) {
    case "dead-letters-written":
      return endDeadLetters(context, input.deliveries);
    case "dead-letters-failed":
      return failWrites(context, input.deliveries);
    case "marks-written":
      return endMarks(context, input.marks);
    case "marks-failed":
      return failMarks(context, input.marks);
    case "parks-written":
      return endParks(context, input.parks);
    case "parks-failed":
      return failParks(context, input.parks);
    case "redrive":
      return redrive(context, input);
    case "discard":
      return discard(context, input);
    case "detour-found":
      return takeDetour(context, input);
    case "detour-failed":
      return failReading(context, input.detour);
    case "progress-written":
      return endProgress(context, input.id);
    case "progress-failed":
      return failProgress(context, input.id);
    case "releases-written":
      return endReleases(context, input.detours);
    case "releases-failed":
      return failReleases(context, input.detours);
  }
}

function endCommit<P>(context: StepContext<P>, id: number): void {
  const committed = acknowledgeCommit(context, id);
  if (committed !== null) noteCover(context, committed);
}

function endProgress<P>(context: StepContext<P>, id: number): void {
  const { drops, notes } = acknowledgeProgress(context, id);
  noteDrops(context, drops);
  endReplays(context, notes);
}

function reportDrained<P>({ state, effects }: StepContext<P>): void {
  const isOpen = state.inFlightCount > 0 || state.writingCount > 0 || isProgressing(state.progress);
  if (state.membership !== "draining" || isOpen) return;
  if (state.committing === null && !mayCommit(state)) effects.push({ kind: "drained" });
}

/** One timer for all: the earliest time at which something here changes by itself. */
function askForWake<P>(context: StepContext<P>): void {
  const { state, effects, now } = context;
  const isCommitDue = state.committing === null && mayCommit(state);
  const commitAt = isCommitDue ? state.commitNotBefore : Infinity;
  const tellAt = nextTellAt(state.hold.throttle, now);
  const actAt = Math.min(nextDispatchAt(context), nextLookAt(context));
  const at = Math.min(commitAt, nextProgressAt(state), actAt, tellAt);
  if (at === Infinity || (state.wakeAt > now && state.wakeAt <= at)) return;
  state.wakeAt = at;
  effects.push({ kind: "wake", at });
}
