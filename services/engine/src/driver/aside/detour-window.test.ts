import { describe, expect, it } from "vitest";

import { asOffset, asPartition, asTopic } from "../../core/lanes/identity.ts";
import { PARK_BYTES_MAX, PARK_COUNT_MAX } from "../../core/aside/writes.ts";
import { DetourWindow, type ParkedEvent, type WindowPart } from "./detour-window.ts";

/** An event at `offset` that stands at `at` in the parked topic. */
function parked(offset: number, at = offset, bytes = 10): ParkedEvent {
  return {
    offset: asOffset(offset),
    record: {
      topic: asTopic("millrace.crm.parked"),
      partition: asPartition(0),
      offset: asOffset(at),
      timestampMs: 0,
      key: null,
      value: new Uint8Array(bytes),
      headers: {},
    },
  };
}

function windowOf(...events: readonly ParkedEvent[]): DetourWindow {
  const window = new DetourWindow();
  for (const event of events) window.add(event);
  return window;
}

const offsets = ({ events }: WindowPart): number[] => events.map(({ offset }) => offset);
const upTo = (count: number, bytes = 10): ParkedEvent[] =>
  Array.from({ length: count }, (_, index) => parked(index, index, bytes));

describe("a window on parked events", () => {
  it("puts them in the order of their key, each once", () => {
    const window = windowOf(parked(5, 0), parked(3, 1), parked(5, 2), parked(4, 3));

    expect(offsets(window.take(10, "end"))).toEqual([3, 4, 5]);
  });

  it("hands out before the end only what no event of an unfinished run can precede", () => {
    const window = windowOf(...upTo(PARK_COUNT_MAX + 3));

    expect(offsets(window.take(10, "bound"))).toEqual([0, 1, 2]);
  });

  it("knows a run by its bytes too", () => {
    const window = windowOf(...upTo(6, PARK_BYTES_MAX / 2));

    expect(offsets(window.take(10, "bound"))).toEqual([0, 1, 2]);
  });

  it("is full when as many as are wanted are safe", () => {
    expect(windowOf(...upTo(PARK_COUNT_MAX + 4)).isFull(5)).toBe(false);
    expect(windowOf(...upTo(PARK_COUNT_MAX + 5)).isFull(5)).toBe(true);
  });

  it("is full when it holds many bytes, so that memory has a bound", () => {
    expect(windowOf(...upTo(4, PARK_BYTES_MAX)).isFull(100)).toBe(true);
  });

  it("tells where the first event stands that it keeps", () => {
    const window = windowOf(parked(1, 9), parked(2, 4), parked(3, 6));

    expect(window.take(1, "end")).toMatchObject({ firstLeft: 4, isEmpty: false });
    expect(window.take(3, "end")).toMatchObject({ firstLeft: null, isEmpty: true });
  });
});
