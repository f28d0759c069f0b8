import type { EventPlace } from "@millrace/journal";

/** A topic's name, a partition, an offset: names of topics have no colon. */
const PLACE = /^([\w.-]{1,249}):(\d{1,9}):(\d{1,16})$/u;

/** Reads `<topic>:<partition>:<offset>`; null for anything else. */
export function readEventPlace(text: string): EventPlace | null {
  const [, topic, partition, offset] = PLACE.exec(text) ?? [];
  if (topic === undefined || !Number.isSafeInteger(Number(offset))) return null;
  return { topic, partition: Number(partition), offset: Number(offset) };
}

/** Whether two are one. */
export function isSamePlace(one: EventPlace, other: EventPlace): boolean {
  return (
    one.topic === other.topic && one.partition === other.partition && one.offset === other.offset
  );
}

/** Each place once, in the order given. */
export function distinctPlaces(places: readonly EventPlace[]): readonly EventPlace[] {
  const distinct = places.filter((place, index) => {
    return places.findIndex((other) => isSamePlace(place, other)) === index;
  });
  return distinct.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
}
