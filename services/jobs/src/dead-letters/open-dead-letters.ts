/**
 * Which dead letters are open. The same event may stand in the topic more than once: an acknowledgement got lost, an overtaken
 * owner wrote late, it was redriven and given up again, or its group was set back; the latest epoch tells, and in that the latest redrive.
 *
 * - Of a key that waits (`quarantine`, `block`) exactly that one is open which the key's marker names: others were delivered
 *   since, or written by an owner that had been overtaken.
 * - Of one that went on (`skip`, no key) each is, until someone resolves it. Its record says whether it did; in one that does
 *   not, the target's order and `onDeadLetter` of today are taken for those of then.
 */
import type { SetAsideKey } from "@millrace/engine";
import type { DeadLetter, SourcePlace } from "./dead-letter.ts";

/** A dead letter that nobody has resolved. */
export interface OpenDeadLetter extends DeadLetter {
  /** What becomes of later events of its key: parked, held in their lane, or delivered. */
  readonly later: "parked" | "blocked" | "delivered";
}

/** What openness is told by. */
export interface Standing {
  /** Keys of the target that are set aside. */
  readonly setAside: readonly SetAsideKey[];
  /** Whether a dead letter has been resolved. */
  readonly isResolved: (letter: DeadLetter) => boolean;
  /** Whether the target holds a key behind its dead letter. */
  readonly holdsKeys: "yes" | "no";
}

/** Gathers the dead letters of a target; memory grows with the events that have one. */
export class DeadLetterShelf {
  readonly #letters = new Map<string, DeadLetter>();

  /** Takes one, in any order. */
  add(letter: DeadLetter): void {
    const name = nameOf(letter);
    const known = this.#letters.get(name);
    if (known === undefined || isLater(letter, known)) this.#letters.set(name, letter);
  }

  /** The open ones, the oldest first. */
  open({ setAside, isResolved, holdsKeys }: Standing): readonly OpenDeadLetter[] {
    const markers = new Map(setAside.map((key) => [nameOf(key), key]));
    const open: OpenDeadLetter[] = [];
    for (const [name, letter] of this.#letters) {
      const kind = markers.get(name)?.kind;
      if (kind === "quarantine" || kind === "block")
        open.push({ ...letter, later: kind === "block" ? "blocked" : "parked" });
      else if (isLoose(letter, holdsKeys) && !isResolved(letter))
        open.push({ ...letter, later: "delivered" });
    }
    return open.sort((one, other) => one.at.timestampMs - other.at.timestampMs);
  }
}

/** Whether the key of a dead letter went on without it. */
function isLoose({ key, holdsKey }: DeadLetter, holdsKeys: Standing["holdsKeys"]): boolean {
  return holdsKey === null ? key === null || holdsKeys === "no" : !holdsKey;
}

function isLater(one: DeadLetter, other: DeadLetter): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch;
  if (one.redriveCount !== other.redriveCount) return one.redriveCount > other.redriveCount;
  return one.at.offset > other.at.offset;
}

function nameOf({ topic, partition, offset }: SourcePlace): string {
  return `${topic}/${partition}/${offset}`;
}
