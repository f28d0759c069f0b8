/**
 * The bodies of a target's attempts on their way into the journal. An answer's is made fit to be shown when it comes, and waits
 * here for its delivery to settle; a request's is made when it settles.
 *
 * Owns: answers whose delivery has not settled, in bounded memory. The oldest go first: those of deliveries that have been
 * tried for long, and of attempts and epochs that nobody asks for any more.
 */
import type { EndedAttempt } from "../../core/lanes/attempt-log.ts";
import type { AttemptResult } from "../../core/lanes/attempt-result.ts";
import type { AnswerBody, JournalBodies, JournalBody, PreparedEvent } from "../../ports.ts";

/** What all answers that wait may take, bytes, roughly. */
export const WAITING_BYTES_MAX = 4_194_304;
/** What an answer takes besides its text, bytes, roughly. */
const ANSWER_BYTES = 256;

/** See the head of this file. */
export class AttemptBodies {
  readonly #shown: JournalBodies;
  /** By the attempt's own result: it is kept as long as the attempt is. */
  readonly #answers = new Map<AttemptResult, JournalBody>();
  #bytes = 0;

  constructor(shown: JournalBodies) {
    this.#shown = shown;
  }

  /** What waits, bytes, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the answer of an attempt. */
  answered(event: PreparedEvent, result: AttemptResult, body: AnswerBody): void {
    if (!this.#isShown(result)) return;
    const shown = this.#shown.answer(event, body);
    if (shown === null) return;
    this.#answers.set(result, shown);
    this.#bytes += sizeOf(shown);
    for (const [oldest] of this.#answers) {
      if (this.#bytes <= WAITING_BYTES_MAX) break;
      this.takeAnswer(oldest);
    }
  }

  /** The answer of an attempt, once; null where none is shown. */
  takeAnswer(result: AttemptResult): JournalBody | null {
    const body = this.#answers.get(result);
    if (body === undefined) return null;
    this.#answers.delete(result);
    this.#bytes -= sizeOf(body);
    return body;
  }

  /** The request of attempts, if any of them is shown; null where none is, or it has no body. */
  request(event: PreparedEvent, attempts: readonly EndedAttempt[]): JournalBody | null {
    const isShown = attempts.some(({ result }) => this.#isShown(result));
    return isShown ? this.#shown.request(event) : null;
  }

  #isShown({ kind }: AttemptResult): boolean {
    return this.#shown.attempts === "all" || kind !== "delivered";
  }
}

function sizeOf({ text }: JournalBody): number {
  return ANSWER_BYTES + (text === null ? 0 : text.length * 2);
}
