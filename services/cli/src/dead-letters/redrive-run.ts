/** Carries a redrive of many keys out: asks for them as its course says, and follows how each of them ends. */
import type { ControlBoard, DeadLetterEvent, Wish } from "@millrace/control";
import type { RedriveRequest, TargetId } from "@millrace/engine";
import {
  RedriveCourse,
  type RedriveCounts,
  type RedrivePace,
  type RedriveStage,
} from "@millrace/jobs";

/** How often a rate is looked at, ms. */
const TICK_MS = 100;

/** What is carried out. */
export interface RedriveRun {
  readonly board: ControlBoard;
  readonly target: TargetId;
  readonly requests: readonly RedriveRequest[];
  readonly pace: RedrivePace;
  readonly wish: Wish;
  readonly onProgress: (counts: RedriveCounts) => void;
  /** Ends it where it is; what was asked for goes on. */
  readonly signal: AbortSignal;
}

/** How it ended. */
export interface RedriveResult {
  readonly stage: RedriveStage;
  readonly counts: RedriveCounts;
  /** Those that are dead letters again. */
  readonly givenUp: readonly RedriveRequest[];
  /** Those that someone else had dropped before their turn came; counted as given up. */
  readonly dropped: readonly RedriveRequest[];
}

/**
 * Resolves when all that was asked for has ended, or at once when it is interrupted.
 * @throws MillraceError of the control topic; what was asked for goes on.
 */
export async function runRedrive(run: RedriveRun): Promise<RedriveResult> {
  const { board, target, requests, pace, wish, onProgress, signal } = run;
  const course = new RedriveCourse(requests, pace);
  const givenUp: RedriveRequest[] = [];
  const open = new Set<string>();
  const bell = new Bell();
  const cancel = board.follow((change) => {
    if (change.kind !== "redrive-ended" || change.target !== target) return;
    if (!open.delete(nameOf(change.request))) return;
    const isDelivered = board.resolutionOf(target, change.request, wish)?.kind === "redriven";
    if (!isDelivered) givenUp.push(change.request);
    course.ended(isDelivered ? "delivered" : "given-up");
    bell.ring();
  });
  signal.addEventListener("abort", () => bell.ring(), { once: true });
  try {
    while (!course.isOver && !signal.aborted) {
      const taken = course.take(performance.now());
      for (const request of taken) open.add(nameOf(request));
      if (taken.length > 0) await board.redrive(target, taken, wish);
      onProgress(course.counts);
      await bell.heard(TICK_MS);
    }
  } finally {
    cancel();
  }
  if (signal.aborted) course.interrupt();
  const isDropped = (request: RedriveRequest): boolean =>
    board.resolutionOf(target, request, wish)?.kind === "dropped";
  return {
    ...{ stage: course.stage, counts: course.counts },
    givenUp: givenUp.filter((request) => !isDropped(request)),
    dropped: givenUp.filter(isDropped),
  };
}

/** Wakes whoever waits, and whoever waits next where nobody does. */
class Bell {
  #ring: (() => void) | null = null;

  ring(): void {
    this.#ring?.();
  }

  /** Resolves with the next ring, at the latest after `atMostMs`. */
  heard(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.#ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function nameOf(event: DeadLetterEvent & { readonly redriveCount: number }): string {
  const { topic, partition, offset, redriveCount } = event;
  return `${topic}/${partition}/${offset}/${redriveCount}`;
}
