import { describe, expect, it } from "vitest";
import { Room, type RoomGroup } from "./room.ts";

function setup(bounds = { eventsMax: 2, bytesMax: 100 }) {
  const entered: string[] = [];
  const group = (name: string, of: Partial<RoomGroup> = {}): RoomGroup => ({
    count: 1,
    bytes: 10,
    deadlineAt: 1_000,
    enter: () => entered.push(name),
    giveUp: () => entered.push(`${name} gave up`),
    ...of,
  });
  return { room: new Room(bounds), entered, group };
}

describe("the room", () => {
  it("takes exactly its bound of events and bytes", () => {
    const { room, group } = setup();

    expect(room.tryEnter(group("a", { bytes: 50 }))).toBe(true);
    expect(room.tryEnter(group("b", { bytes: 51 }))).toBe(false);
    expect(room.tryEnter(group("c", { bytes: 50 }))).toBe(true);
    expect(room.tryEnter(group("d", { bytes: 0 }))).toBe(false);
    expect([room.events, room.bytes]).toEqual([2, 100]);
  });

  it("lets nobody pass who came later, even where the later one would fit", () => {
    const { room, entered, group } = setup();
    room.tryEnter(group("a", { bytes: 60 }));
    room.tryWait(group("wide", { bytes: 60 }));

    expect(room.tryEnter(group("narrow"))).toBe(false);
    room.tryWait(group("narrow"));
    room.leave(60);

    expect(entered).toEqual(["a", "wide", "narrow"]);
  });

  it("lets as much wait as fits inside, and no more", () => {
    const { room, group } = setup();

    expect(room.tryWait(group("a"))).toBe(true);
    expect(room.tryWait(group("b"))).toBe(true);
    expect(room.tryWait(group("c"))).toBe(false);
  });

  it("gives up who has waited to the deadline, and lets the next one take the place", () => {
    const { room, entered, group } = setup({ eventsMax: 1, bytesMax: 100 });
    room.tryEnter(group("a"));
    room.tryWait(group("b", { deadlineAt: 5 }));

    room.expire(4);
    room.expire(5);

    expect(entered).toEqual(["a", "b gave up"]);
    expect(room.tryWait(group("c"))).toBe(true);
  });

  it("knows which group can never enter", () => {
    const { room } = setup();

    expect(room.admits({ count: 2, bytes: 100 })).toBe(true);
    expect(room.admits({ count: 3, bytes: 1 })).toBe(false);
    expect(room.admits({ count: 1, bytes: 101 })).toBe(false);
  });
});
