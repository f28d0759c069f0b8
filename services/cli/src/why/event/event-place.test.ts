import { describe, expect, it } from "vitest";
import { distinctPlaces, readEventPlace } from "./event-place.ts";

describe("a place on the command line", () => {
  it("is topic, partition and offset", () => {
    expect(readEventPlace("shop.orders-v2:3:1042")).toEqual({
      ...{ topic: "shop.orders-v2", partition: 3, offset: 1_042 },
    });
  });

  it.each(["0199f3c2-7c1e-7b6a-9d3e-2f4a5b6c7d8e", "urn:orders:3:1", "orders:3", "orders:3:-1"])(
    "is not %s",
    (text) => {
      expect(readEventPlace(text)).toBeNull();
    },
  );

  it("is no offset that a number cannot hold", () => {
    expect(readEventPlace("orders:3:9999999999999999")).toBeNull();
  });
});

describe("places", () => {
  it("are named once, without what else is known of them", () => {
    const place = { topic: "orders", partition: 0, offset: 1 };
    const entry = { ...place, id: "e" };

    expect(distinctPlaces([entry, { ...place, offset: 2 }, place])).toEqual([
      place,
      { ...place, offset: 2 },
    ]);
  });
});
