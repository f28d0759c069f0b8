import type { StateEntry } from "@millrace/engine";
import { readBreakerReset, type BreakerReset } from "./breaker-reset.ts";
import { readDiscard, readDiscardKey, type WantedDiscard } from "./discard.ts";
import { readPause, readPauseKey, type Pause } from "./pause.ts";
import { readJob, type ReplayJob } from "./replay-job.ts";
import { readRewind, readRewindKey, type Rewind } from "./rewind.ts";
import { readRedrive, readRedriveKey, type WantedRedrive } from "./redrive.ts";
import { readThrottle, type TargetThrottle } from "./throttle.ts";

/** What changed in what is wanted. */
export type ControlChange =
  | { readonly kind: "paused"; readonly pause: Pause }
  | ({ readonly kind: "resumed" } & Pick<Pause, "pauser" | "target">)
  | { readonly kind: "redrive"; readonly redrive: WantedRedrive }
  | { readonly kind: "discard"; readonly discard: WantedDiscard }
  | { readonly kind: "replay"; readonly job: ReplayJob }
  | { readonly kind: "rewind"; readonly rewind: Rewind }
  | ({ readonly kind: "rewind-ended" } & Pick<Rewind, "target">)
  | { readonly kind: "breaker-reset"; readonly reset: BreakerReset }
  | { readonly kind: "throttled"; readonly throttle: TargetThrottle }
  | ({ readonly kind: "redrive-ended" } & Omit<WantedRedrive, "wish">)
  | ({ readonly kind: "discard-ended" } & Omit<WantedDiscard, "wish">);

/** What an entry of the control topic changes; null: nothing that processes follow. */
export function changeOf(key: string, entry: StateEntry | null): ControlChange | null {
  return entry === null ? endOf(key) : wantedBy(key, entry.value);
}

function wantedBy(key: string, value: unknown): ControlChange | null {
  const pause = readPause(key, value);
  if (pause !== null) return { kind: "paused", pause };
  const redrive = readRedrive(key, value);
  if (redrive !== null) return { kind: "redrive", redrive };
  const discard = readDiscard(key, value);
  if (discard !== null) return { kind: "discard", discard };
  const reset = readBreakerReset(key, value);
  if (reset !== null) return { kind: "breaker-reset", reset };
  const throttle = readThrottle(key, value);
  if (throttle !== null) return { kind: "throttled", throttle };
  const rewind = readRewind(key, value);
  if (rewind !== null) return { kind: "rewind", rewind };
  const job = readJob(key, value);
  return job === null ? null : { kind: "replay", job };
}

function endOf(key: string): ControlChange | null {
  const pause = readPauseKey(key);
  if (pause !== null) return { kind: "resumed", ...pause };
  const target = readRewindKey(key);
  if (target !== null) return { kind: "rewind-ended", target };
  const redrive = readRedriveKey(key);
  if (redrive !== null) return { kind: "redrive-ended", ...redrive };
  const discard = readDiscardKey(key);
  return discard === null ? null : { kind: "discard-ended", ...discard };
}
