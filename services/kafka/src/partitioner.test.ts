import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import { describe, expect, it } from "vitest";
import { murmur2, partitionOfKey } from "./partitioner.ts";

describe("the partition of a key", () => {
  it.each([
    ["21", -973_932_308],
    ["foobar", -790_332_482],
    ["a-little-bit-long-string", -985_981_536],
    ["a-little-bit-longer-string", -1_486_304_829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971],
    ["abc", 479_470_107],
  ])("hashes %s as Kafka's own UtilsTest has it", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it("agrees with kafkajs for keys of every length", () => {
    for (let length = 0; length < 64; length += 1) {
      const key = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length) % 256));
      expect(murmur2(key)).toBe(kafkajsMurmur2(key));
    }
  });

  it("lies within the topic, for negative hashes too", () => {
    expect(partitionOfKey(Buffer.from("21"), 12)).toBe((-973_932_308 & 0x7fffffff) % 12);
    expect(partitionOfKey(Buffer.alloc(0), 1)).toBe(0);
  });
});
