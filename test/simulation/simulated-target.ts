import type { AttemptRequest, AttemptResult, AttemptSender, Clock } from "@millrace/engine";
import type { SeededRandom } from "../support/seeded-random.ts";

/** A call as the target saw it. */
export interface Arrival {
  /** `<partition>/<offset>` of its event. */
  readonly event: string;
  readonly key: string;
  readonly process: string;
  /** The process that sent it took the answer for a delivery. */
  wasTaken: boolean;
}

/** A target over a network that delays, loses answers, and a server that fails and refuses. */
export class SimulatedTarget {
  readonly arrivals: Arrival[] = [];
  /** No faults any more. */
  isHealed = false;
  readonly #random: SeededRandom;
  readonly #clock: Clock;

  constructor(random: SeededRandom, clock: Clock) {
    this.#random = random;
    this.#clock = clock;
  }

  /** The connections of one process; they die with its clock, what is on the wire does not. */
  connect(process: string, clock: Clock): AttemptSender {
    return {
      send: (request, onResult) => this.#send(request, { process, clock, onResult }),
      close: () => Promise.resolve(),
    };
  }

  #send(
    request: AttemptRequest,
    from: {
      readonly process: string;
      readonly clock: Clock;
      readonly onResult: (result: AttemptResult) => void;
    },
  ): () => void {
    const random = this.#random;
    const arrival: Arrival = {
      event: request.headers["millrace-position"]?.replace("events/", "") ?? "",
      key: String(request.body),
      process: from.process,
      wasTaken: false,
    };
    let isOver = false;
    const end = (result: AttemptResult): void => {
      if (isOver) return;
      isOver = true;
      arrival.wasTaken = result.kind === "delivered";
      from.onResult(result);
    };
    this.#clock.schedule(random.below(20), () => this.arrivals.push(arrival));
    const isSlow = !this.isHealed && random.chance(0.05);
    const latencyMs = isSlow ? request.timeoutMs : 20 + random.below(180);
    const result = isSlow ? TIMED_OUT : this.#answer(arrival.event);
    from.clock.schedule(latencyMs, () => end(result));
    return () => {
      from.clock.schedule(0, () => end({ kind: "abandoned", ambiguous: true }));
    };
  }

  #answer(event: string): AttemptResult {
    // Some events are refused, whoever asks and however often.
    if (/[37]3$/u.test(event)) return { kind: "rejected", reason: "HTTP_REJECTED", status: 422 };
    const dice = this.isHealed ? 0 : this.#random.next();
    if (dice < 0.8) return { kind: "delivered", status: 204 };
    if (dice < 0.96) return { ...TIMED_OUT, reason: "HTTP_STATUS", status: 503 };
    return { kind: "throttled", status: 429, retryAfterMs: this.#random.below(2_000) };
  }
}

const TIMED_OUT = {
  kind: "retry",
  reason: "TIMEOUT",
  status: null,
  ambiguous: true,
  retryAfterMs: null,
} as const;
