import { describe, expect, it } from "vitest";
import { timeByArea, type CpuProfile } from "./cpu-profile.ts";

const UNDICI = "file:///x/node_modules/undici/lib/client.js";
const ENGINE = "file:///x/services/engine/dist/core/step.js";

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: "(root)", url: "" }, children: [2, 5, 6, 7] },
    { id: 2, callFrame: { functionName: "send", url: UNDICI }, children: [3] },
    { id: 3, callFrame: { functionName: "write", url: "node:net" }, children: [4] },
    { id: 4, callFrame: { functionName: "writev", url: "" } },
    { id: 5, callFrame: { functionName: "(garbage collector)", url: "" } },
    { id: 6, callFrame: { functionName: "(idle)", url: "" } },
    { id: 7, callFrame: { functionName: "onread", url: "node:net" }, children: [8] },
    { id: 8, callFrame: { functionName: "step", url: ENGINE } },
  ],
  startTime: 1_000,
  samples: [2, 4, 5, 6, 7, 8, 8],
  timeDeltas: [10, 20, 30, 40, 50, 60, 70],
};

const AREAS = [
  { name: "undici", files: /node_modules\/undici/u },
  { name: "engine", files: /services\/engine/u },
];

describe("time by area", () => {
  it("counts what an area calls as its own, and leaves idle time out", () => {
    const times = timeByArea(PROFILE, { areas: AREAS, fromUs: 0, toUs: 10_000 });

    expect(Object.fromEntries(times)).toEqual({
      undici: 30,
      engine: 130,
      "garbage collection": 30,
      "Node's event loop": 50,
    });
  });

  it("counts the span that was asked for alone", () => {
    const times = timeByArea(PROFILE, { areas: AREAS, fromUs: 1_020, toUs: 1_210 });

    expect(Object.fromEntries(times)).toEqual({
      undici: 20,
      engine: 60,
      "garbage collection": 30,
      "Node's event loop": 50,
    });
  });
});
