/** Waits until nobody is in a group any more. */
import { readMemberNote } from "@millrace/control";
import type { GroupDescription } from "@millrace/kafka";
import { safeText } from "../output/safe-text.ts";

/** Between two looks, ms. */
export const LOOK_MS = 250;

/** How the wait ended: by whom the group is still held, as people know them. */
export type Emptying =
  | { readonly kind: "empty" }
  | { readonly kind: "held"; readonly holders: readonly string[] }
  | { readonly kind: "interrupted" };

/** What is waited with. */
export interface EmptyingPorts {
  readonly describe: () => Promise<GroupDescription>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when it is interrupted. */
  readonly pause: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Told of each look that finds somebody. */
  readonly onHeld: (holders: readonly string[]) => void;
}

/**
 * Looks again and again, at least once, until `until` on that clock.
 * @throws MillraceError of the brokers.
 */
export async function untilEmpty(
  until: number,
  { describe, now, pause, signal, onHeld }: EmptyingPorts,
): Promise<Emptying> {
  for (;;) {
    if (signal.aborted) return { kind: "interrupted" };
    const group = await describe();
    if (group.state === "Empty" || group.state === "Dead") return { kind: "empty" };
    const holders = holdersOf(group);
    if (now() >= until) return { kind: "held", holders };
    onHeld(holders);
    await pause(LOOK_MS);
  }
}

/** A process by its name; of another program, or while the group divides its partitions, what Kafka knows. */
function holdersOf({ members }: GroupDescription): readonly string[] {
  return members
    .map(({ note, clientId, host }) => {
      const process = readMemberNote(note)?.process;
      return safeText(process ?? `${clientId} at ${host.replace(/^\//u, "")}`);
    })
    .sort();
}
