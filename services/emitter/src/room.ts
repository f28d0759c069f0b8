/**
 * The bounded buffer's book-keeping: who is in, who waits, first come first served.
 *
 * R1 what is in never exceeds the bounds. R2 a group enters whole, and never before one that came earlier, so that
 * waiting changes no order. R3 as much as fits inside may wait, no more: a caller that awaits nothing must not fill
 * the memory with waiting calls either.
 */

/** Events that enter together. */
export interface RoomGroup {
  readonly count: number;
  readonly bytes: number;
  /** When waiting ends, on the clock's monotonic scale. */
  readonly deadlineAt: number;
  /** Called when it has entered. */
  enter(): void;
  /** Called when it has waited too long. */
  giveUp(): void;
}

/** Bounds of a room. */
export interface RoomBounds {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

interface Usage {
  events: number;
  bytes: number;
}

/** See the file's header. */
export class Room {
  readonly #bounds: RoomBounds;
  readonly #inside: Usage = { events: 0, bytes: 0 };
  readonly #outside: Usage = { events: 0, bytes: 0 };
  #waiting: RoomGroup[] = [];

  constructor(bounds: RoomBounds) {
    this.#bounds = bounds;
  }

  /** Events inside. */
  get events(): number {
    return this.#inside.events;
  }

  /** Bytes inside. */
  get bytes(): number {
    return this.#inside.bytes;
  }

  /** Whether a group could enter an empty room. */
  admits(group: { readonly count: number; readonly bytes: number }): boolean {
    return group.count <= this.#bounds.eventsMax && group.bytes <= this.#bounds.bytesMax;
  }

  /** Enters now if there is room and nobody waits. */
  tryEnter(group: RoomGroup): boolean {
    if (this.#waiting.length > 0 || !this.#fits(this.#inside, group)) return false;
    add(this.#inside, group);
    group.enter();
    return true;
  }

  /** Waits in line; false when the line is full too. */
  tryWait(group: RoomGroup): boolean {
    if (!this.#fits(this.#outside, group)) return false;
    add(this.#outside, group);
    this.#waiting.push(group);
    return true;
  }

  /** Frees what an event held, and lets in who can. */
  leave(bytes: number): void {
    remove(this.#inside, { count: 1, bytes });
    let entered = 0;
    for (const group of this.#waiting) {
      if (!this.#fits(this.#inside, group)) break;
      add(this.#inside, group);
      remove(this.#outside, group);
      entered += 1;
    }
    for (const group of this.#waiting.splice(0, entered)) group.enter();
  }

  /** Gives up who has waited until `now`. */
  expire(now: number): void {
    const late = this.#waiting.filter(({ deadlineAt }) => deadlineAt <= now);
    if (late.length === 0) return;
    this.#waiting = this.#waiting.filter(({ deadlineAt }) => deadlineAt > now);
    for (const group of late) {
      remove(this.#outside, group);
      group.giveUp();
    }
  }

  #fits(usage: Usage, { count, bytes }: RoomGroup): boolean {
    const { eventsMax, bytesMax } = this.#bounds;
    return usage.events + count <= eventsMax && usage.bytes + bytes <= bytesMax;
  }
}

function add(usage: Usage, group: { count: number; bytes: number }): void {
  usage.events += group.count;
  usage.bytes += group.bytes;
}

function remove(usage: Usage, group: { count: number; bytes: number }): void {
  usage.events -= group.count;
  usage.bytes -= group.bytes;
}
