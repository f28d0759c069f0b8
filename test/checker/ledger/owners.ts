import { NEVER, type Target } from "./rows.ts";

/** A moment at which processes began or ceased to own parts of a target. */
export interface OwnerChange {
  readonly at: number;
  readonly order: number;
  /** How many own some part of it from now on. */
  readonly ownerCount: number;
  /** How many of these owned nothing before. */
  readonly joinCount: number;
}

/** All of a target, ascending. */
export function ownerChanges({ channels }: Target): readonly OwnerChange[] {
  const steps = channels.flatMap(({ epochs }) =>
    epochs.flatMap(({ process, startAt, startOrder, endAt, endOrder }) => [
      { process, at: startAt, order: startOrder, by: 1 },
      { process, at: endAt, order: endOrder, by: -1 },
    ]),
  );
  steps.sort((a, b) => a.order - b.order);
  const held = new Map<number, number>();
  const changes: OwnerChange[] = [];
  for (const { process, at, order, by } of steps) {
    if (order === NEVER) break;
    const before = held.get(process) ?? 0;
    if (before + by === 0) held.delete(process);
    else held.set(process, before + by);
    const joinCount = before === 0 && by > 0 ? 1 : 0;
    changes.push({ at, order, ownerCount: held.size, joinCount });
  }
  return changes;
}
