import type { Order } from "@millrace/engine";
import type { TargetFacts } from "../causes/facts.ts";
import type { LaneView } from "../view/partition-view.ts";
import type { WaitingEvent } from "./narrowed-facts.ts";
import type { OwnerWord } from "./outcome.ts";

/** What a partition's owner says of an event of it. */
export interface OwnersWord extends OwnerWord {
  readonly process: string | null;
  /** Offset of the event that stands at the head of its lane instead of it; null where none is known. */
  readonly behindOffset: number | null;
}

const NOTHING: OwnersWord = { lane: null, hasRead: false, process: null, behindOffset: null };

/** Looks for an event in what the processes of a target say. */
export function ownersWord(
  facts: TargetFacts | null,
  { place, key }: WaitingEvent,
  order: Order,
): OwnersWord {
  for (const { view } of facts?.members ?? []) {
    const partition = view?.partitions.find(
      (one) => one.topic === place.topic && one.partition === place.partition,
    );
    if (view === null || partition === undefined) continue;
    const { head, failing, next } = partition;
    const heads = [...(head === null ? [] : [head]), ...failing];
    const before = heads.find((one) => {
      return Number(one.offset) < place.offset && isOfLane(one, key, order);
    });
    return {
      lane: heads.find(({ offset }) => Number(offset) === place.offset) ?? null,
      hasRead: Number(next) > place.offset,
      process: view.process,
      behindOffset: before === undefined ? null : Number(before.offset),
    };
  }
  return NOTHING;
}

function isOfLane(lane: LaneView, key: string | null, order: Order): boolean {
  switch (order) {
    case "key":
      return key !== null && lane.key === key;
    case "partition":
      return true;
    case "none":
      return false;
  }
}
