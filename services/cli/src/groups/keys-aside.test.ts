import {
  asEpoch,
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  claimKey,
  markerKey,
  type MarkerValue,
  type StateEntry,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { keysAside } from "./keys-aside.ts";

const CRM = asTarget("crm");
const PLACE = { topic: asTopic("users"), partition: asPartition(2) };

/** A state topic that grows entry by entry; an entry's offset is its place. */
class Log {
  readonly #entries: (readonly [string, StateEntry])[] = [];

  claim(): number {
    const offset = this.#entries.length;
    return this.#add(claimKey(CRM, PLACE, `p-${offset}`), { v: 1, process: "p", generation: 1 });
  }

  marker(epoch: number, lane: string, kind: MarkerValue["kind"]): number {
    const name = { epoch: asEpoch(epoch), lane, write: this.#entries.length };
    const value: MarkerValue = {
      v: 1,
      kind,
      offset: 7,
      redriveCount: 0,
      keyCount: 0,
      dead: null,
      at: "2026-11-26T00:00:00Z",
    };
    return this.#add(markerKey(CRM, PLACE, name), value);
  }

  list(prefix: string): readonly (readonly [string, StateEntry])[] {
    // In no order, says the port.
    return this.#entries.filter(([key]) => key.startsWith(prefix)).reverse();
  }

  #add(key: string, value: object): number {
    const offset = this.#entries.length;
    this.#entries.push([key, { offset: asOffset(offset), value }]);
    return offset;
  }
}

const asideIn = (log: Log): Readonly<Record<string, string>> =>
  Object.fromEntries(keysAside(log, "crm").get("users/2") ?? []);

describe("keysAside", () => {
  it("tells keys by partition, with how they are set aside", () => {
    const log = new Log();
    const epoch = log.claim();
    log.marker(epoch, "u1", "quarantine");
    log.marker(epoch, "u2", "block");
    log.marker(epoch, "\u00ff/", "deferred");

    expect(asideIn(log)).toEqual({ u1: "quarantine", u2: "block", "\u00ff/": "deferred" });
    expect(keysAside(log, "crm-2").size).toBe(0);
  });

  it("believes no marker of an owner that had been overtaken", () => {
    const log = new Log();
    const first = log.claim();
    log.marker(first, "u1", "quarantine");
    const second = log.claim();
    log.marker(first, "u2", "quarantine");
    log.marker(second, "u3", "quarantine");

    expect(asideIn(log)).toEqual({ u1: "quarantine", u3: "quarantine" });
  });

  it("goes by the last valid marker of a key, and a release ends it", () => {
    const log = new Log();
    const first = log.claim();
    log.marker(first, "u1", "deferred");
    log.marker(first, "u1", "quarantine");
    log.marker(first, "u2", "quarantine");
    log.marker(first, "u2", "released");
    const second = log.claim();
    log.marker(first, "u1", "released");
    log.marker(second, "u3", "block");

    expect(asideIn(log)).toEqual({ u1: "quarantine", u3: "block" });
  });
});
