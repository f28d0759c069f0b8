import { describe, expect, it } from "vitest";
import type { PlannedMove } from "./planned-move.ts";
import { rewindWords, type RewindPlan } from "./rewind-text.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 2);
const UNDECLARED = { kind: "undeclared" } as const;

const move = (of: Partial<PlannedMove> = {}): PlannedMove => ({
  ...{ topic: "users", partition: 0, committed: "90", to: "40", direction: "back" },
  ...{ again: 50, lost: 0, held: 0, last: null },
  first: new Date(NOW - 2 * HOUR_MS).toISOString(),
  ...of,
});

function words(plan: Partial<RewindPlan>, windowMs: number | null = null) {
  const window = windowMs === null ? UNDECLARED : ({ kind: "declared", windowMs } as const);
  const idempotency = { header: "idempotency-key", format: "bare", window } as const;
  return rewindWords({ items: [move()], gone: [], ...plan }, { name: "crm", idempotency }, NOW);
}

describe("the words of a rewind", () => {
  it("say how much goes again, and that the keys stay", () => {
    const { notes, warnings } = words({ items: [move(), move({ partition: 1 })] }, 24 * HOUR_MS);

    expect(notes).toEqual([
      "100 records that crm has settled go to it again, as far as its filter lets them through; 2 partitions",
      "the calls carry the same Idempotency-Keys as before, and crm knows them for 1d00h",
    ]);
    expect(warnings).toEqual([]);
  });

  it("warn of keys that the target has forgotten, and where nobody knows that", () => {
    expect(words({}, HOUR_MS).warnings).toEqual([
      "the calls carry the same Idempotency-Keys as before, and crm knows them for 1h00m: " +
        "the oldest event is 2h00m old, and it does again what it has forgotten",
    ]);
    expect(words({}).warnings).toEqual([expect.stringContaining("nobody knows how long")]);
  });

  it("are loud about what will not be delivered, and where", () => {
    const lost = { direction: "forward", again: 0, lost: 1_200, to: "1300" } as const;

    const { warnings } = words({ items: [move(lost), move({ partition: 1, again: 0 })] });

    expect(warnings).toEqual([
      "1,200 records will NOT be delivered to crm: it goes on behind them (users:0)",
    ]);
  });

  it("tell what is gone, what is held, and what begins", () => {
    const gone = [{ topic: "users", partition: 0, from: "30", to: "40", isExact: true }];
    const begins = move({ partition: 2, committed: null, direction: "start", again: 0 });

    const { warnings } = words({ items: [move({ again: 0, held: 3 }), begins], gone });

    expect(warnings).toEqual([
      "10 records of the range are gone from the log (users:0: 10)",
      "nothing is committed of users:2: crm begins there as named, " +
        "and gets nothing that lies before in the log, which is not counted here",
      "3 records of keys behind a dead letter are not sent again up to it, and parked again behind it: " +
        "if these should be sent too, redrive the keys first (millrace quarantine list --target crm)",
    ]);
  });
});
