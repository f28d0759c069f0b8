import type { Delivery } from "../core/lanes/delivery.ts";
import type { AttemptEnd } from "../core/input.ts";
import type { AbandonAttempt, AttemptListener, PreparedEvent } from "../ports.ts";
import { Bag, type Bagged } from "../bag.ts";
import { attemptRequest } from "./attempt-request.ts";
import type { JournalWriter } from "./journal/journal-writer.ts";
import type { DriverPorts } from "./options.ts";
import type { Reporter } from "./reporter.ts";

interface OpenAttempt extends Bagged {
  abandon: AbandonAttempt;
}

const nothing = (): void => undefined;

/** Who is told of attempts. */
export interface AttemptsOwner {
  readonly reporter: Reporter;
  readonly journal: JournalWriter;
  /** Takes the ends there are: the turn of the event loop in which the first of them came is over. They may be taken before. */
  readonly onTurnOver: () => void;
}

/**
 * The attempts of one target: begins them, tells of them, and keeps how they ended until the engine takes it. What ends in one
 * turn of the event loop is one input, so that a step is paid once for all of it.
 */
export class Attempts {
  readonly #ports: Pick<DriverPorts, "clock" | "sender">;
  readonly #owner: AttemptsOwner;
  readonly #open = new Bag<OpenAttempt>();
  #ends: AttemptEnd<PreparedEvent>[] = [];
  #isAwaited = false;

  constructor(ports: Pick<DriverPorts, "clock" | "sender">, owner: AttemptsOwner) {
    this.#ports = ports;
    this.#owner = owner;
  }

  /** Makes one call of a delivery. */
  begin(delivery: Delivery<PreparedEvent>): void {
    const { clock, sender } = this.#ports;
    const { reporter, journal } = this.#owner;
    const startedAt = clock.now();
    const span = reporter.attemptStarted(delivery);
    const open: OpenAttempt = { abandon: nothing, place: -1 };
    this.#open.add(open);
    const onResult: AttemptListener = (result, body) => {
      this.#open.delete(open);
      if (body !== undefined) journal.answered(delivery.payload, result, body);
      const endedAt = clock.now();
      reporter.attemptEnded(delivery, { result, span, durationMs: endedAt - startedAt });
      this.#ended({ delivery, result, endedAt });
    };
    open.abandon = sender.send(attemptRequest(delivery, span.context), onResult);
  }

  /** Gives up what is open; that it is abandoned is still told. */
  abandonAll(): void {
    for (const { abandon } of this.#open) abandon();
  }

  /** Takes the ends that the engine does not know of yet, in their order. */
  takeEnds(): readonly AttemptEnd<PreparedEvent>[] {
    const ends = this.#ends;
    if (ends.length > 0) this.#ends = [];
    return ends;
  }

  #ended(end: AttemptEnd<PreparedEvent>): void {
    this.#ends.push(end);
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    this.#ports.clock.schedule(0, () => {
      this.#isAwaited = false;
      this.#owner.onTurnOver();
    });
  }
}
