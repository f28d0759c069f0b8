import { describe, expect, it } from "vitest";

import { FAILED, kinds, setup, throttled } from "../../../testing/engine-bench.ts";
import { DEFAULTS } from "../config.ts";

describe("the retry horizon", () => {
  it("stands still while the target is held", () => {
    const retry = { ...DEFAULTS.retry, maxAgeMs: 60_000 };
    const { arrive, end, wait } = setup({ retry });
    arrive("a1", "b1");
    end("a1", FAILED);
    end("b1", throttled(900_000));
    wait(900_000);

    expect(kinds(end("a1", FAILED))).not.toContain("dead-letter");
    wait(60_000);
    expect(kinds(end("a1", FAILED))).toContain("dead-letter");
  });
});
