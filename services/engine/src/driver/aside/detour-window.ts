/**
 * The parked events of one key as a reading comes by them, put in order. The parked topic holds them in the order of
 * their key but for two things: an event may stand there more than once, and one whose write failed at first may stand
 * behind others of its run. No later run is begun before a run is acknowledged, so an event that has not come by yet
 * can only be lower than the last `PARK_COUNT_MAX - 1` that have, or than the last `PARK_BYTES_MAX` bytes and one: all
 * lower ones are safe to hand out.
 */
import { asOffset, type Offset } from "../../core/lanes/identity.ts";
import { PARK_BYTES_MAX, PARK_COUNT_MAX } from "../../core/aside/writes.ts";
import type { SourceRecord } from "../../ports.ts";

/** A parked event. */
export interface ParkedEvent {
  /** In its source partition. */
  readonly offset: Offset;
  readonly record: SourceRecord;
}

/** What a window hands out. */
export interface WindowPart {
  /** Ascending, each once. */
  readonly events: readonly ParkedEvent[];
  /** Where the first event that was not handed out stands in the parked topic; null when there is none. */
  readonly firstLeft: Offset | null;
  readonly isEmpty: boolean;
}

/** See the head of this file. */
export class DetourWindow {
  readonly #events = new Map<Offset, ParkedEvent>();
  #bytes = 0;

  /** Takes an event; the first of several counts. */
  add(event: ParkedEvent): void {
    if (this.#events.has(event.offset)) return;
    this.#events.set(event.offset, event);
    this.#bytes += bytesOf(event);
  }

  /** Whether `countMax` events, or as many bytes as a run has, could be handed out. */
  isFull(countMax: number): boolean {
    const isCountFull = this.#events.size >= countMax + PARK_COUNT_MAX;
    if (!isCountFull && this.#bytes < 2 * PARK_BYTES_MAX) return false;
    return isCountFull || this.#safeCount(this.#sorted()) > 0;
  }

  /** Hands the lowest events out: all where the log's end is reached, else those that are safe. */
  take(countMax: number, reached: "end" | "bound"): WindowPart {
    const sorted = this.#sorted();
    const safeCount = reached === "end" ? sorted.length : this.#safeCount(sorted);
    const events = sorted.slice(0, Math.min(countMax, safeCount));
    const left = sorted.slice(events.length).map(({ record }) => record.offset as number);
    return {
      events,
      firstLeft: left.length === 0 ? null : asOffset(Math.min(...left)),
      isEmpty: left.length === 0,
    };
  }

  /** How many of the lowest no event that is still to come can precede. */
  #safeCount(sorted: readonly ParkedEvent[]): number {
    let count = sorted.length;
    let bytesAbove = 0;
    // The last of a run may go beyond its bytes, so it is not counted.
    for (let index = sorted.length - 1; index >= 0; index -= 1) {
      const aboveCount = sorted.length - 1 - index;
      if (aboveCount >= PARK_COUNT_MAX || bytesAbove >= PARK_BYTES_MAX) break;
      count = index;
      const event = sorted[index];
      if (event !== undefined && aboveCount > 0) bytesAbove += bytesOf(event);
    }
    return count;
  }

  #sorted(): readonly ParkedEvent[] {
    return [...this.#events.values()].sort((one, other) => one.offset - other.offset);
  }
}

function bytesOf({ record: { key, value } }: ParkedEvent): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
