/**
 * The course of a redrive of many dead letters: first a few (the canary), then the others at a rate, and no more once too many
 * of them are given up again. Pure: time and ends come in, requests to make come out.
 *
 * What has been asked for goes on when it stops: it is with the owners.
 */
import type { RedriveEnd } from "@millrace/engine";

/** How a redrive goes. */
export interface RedrivePace {
  /** So many go first, and must all be delivered; 0: none. */
  readonly canaryCount: number;
  /** Keys a second after that; null: all at once. */
  readonly perSecond: number | null;
  /** The part of those ended that may have been given up again, of at least {@link ENDS_MIN}. */
  readonly failureRatioMax: number;
}

/** Ends before the ratio says anything. */
export const ENDS_MIN = 10;

/** Where a redrive stands. */
export type RedriveStage =
  | { readonly kind: "canary" }
  | { readonly kind: "rest" }
  /** Nothing more is asked for; what was may still be under way. */
  | { readonly kind: "stopped"; readonly why: "canary-failed" | "too-many-failed" | "interrupted" }
  | { readonly kind: "done" };

/** How many of them are where. */
export interface RedriveCounts {
  readonly totalCount: number;
  readonly askedCount: number;
  readonly deliveredCount: number;
  readonly givenUpCount: number;
}

/** See the head of this file. */
export class RedriveCourse<Request> {
  readonly #requests: readonly Request[];
  readonly #pace: RedrivePace;
  #askedCount = 0;
  #deliveredCount = 0;
  #givenUpCount = 0;
  #stage: RedriveStage;
  /** Monotonic ms at which the rest began. */
  #restFrom: number | null = null;

  /** @param requests in the order in which they are asked for. */
  constructor(requests: readonly Request[], pace: RedrivePace) {
    this.#requests = requests;
    this.#pace = pace;
    this.#stage = pace.canaryCount > 0 ? { kind: "canary" } : { kind: "rest" };
    this.#conclude();
  }

  get stage(): RedriveStage {
    return this.#stage;
  }

  get counts(): RedriveCounts {
    return {
      totalCount: this.#requests.length,
      askedCount: this.#askedCount,
      deliveredCount: this.#deliveredCount,
      givenUpCount: this.#givenUpCount,
    };
  }

  /** Whether nothing is under way any more. */
  get isOver(): boolean {
    const isAsking = this.#stage.kind === "canary" || this.#stage.kind === "rest";
    return !isAsking && this.#endedCount === this.#askedCount;
  }

  /** What is to be asked for now; they count as asked for. */
  take(now: number): readonly Request[] {
    const until = Math.min(this.#requests.length, this.#askedUntil(now));
    const taken = this.#requests.slice(this.#askedCount, until);
    this.#askedCount += taken.length;
    return taken;
  }

  /** One that was asked for has ended. */
  ended(end: RedriveEnd): void {
    if (end === "delivered") this.#deliveredCount += 1;
    else this.#givenUpCount += 1;
    if (this.#stage.kind === "canary" && end === "given-up") return this.#stop("canary-failed");
    if (this.#stage.kind === "rest" && this.#isFailing()) return this.#stop("too-many-failed");
    this.#conclude();
  }

  /** Someone wants no more. */
  interrupt(): void {
    this.#stop("interrupted");
  }

  get #endedCount(): number {
    return this.#deliveredCount + this.#givenUpCount;
  }

  #askedUntil(now: number): number {
    const { canaryCount, perSecond } = this.#pace;
    switch (this.#stage.kind) {
      case "canary":
        return canaryCount;
      case "rest": {
        if (perSecond === null) return this.#requests.length;
        this.#restFrom ??= now;
        return canaryCount + 1 + Math.floor(((now - this.#restFrom) * perSecond) / 1_000);
      }
      case "stopped":
      case "done":
        return this.#askedCount;
    }
  }

  #isFailing(): boolean {
    const { failureRatioMax } = this.#pace;
    const isTelling = this.#endedCount >= ENDS_MIN;
    return isTelling && this.#givenUpCount > failureRatioMax * this.#endedCount;
  }

  #stop(why: "canary-failed" | "too-many-failed" | "interrupted"): void {
    if (this.#stage.kind === "done" || this.#stage.kind === "stopped") return;
    this.#stage = { kind: "stopped", why };
  }

  #conclude(): void {
    if (this.#stage.kind === "stopped") return;
    if (this.#endedCount === this.#requests.length) this.#stage = { kind: "done" };
    else if (this.#stage.kind === "canary" && this.#endedCount >= this.#pace.canaryCount)
      this.#stage = { kind: "rest" };
  }
}
