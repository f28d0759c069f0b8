import { MillraceError } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { withNearTopic } from "./topic-choice.ts";

const MISSING = new MillraceError("TOPIC_MISSING", "topic ordrs does not exist");
const topics = () => Promise.resolve(["users", "orders"]);

describe("a topic that does not exist", () => {
  it("is told with the nearest that does", async () => {
    await expect(withNearTopic(MISSING, "ordrs", topics)).resolves.toMatchObject({
      exitCode: 4,
      message: "topic ordrs does not exist",
      hint: "did you mean orders?",
    });
  });

  it("is told as it is where none is near, or none can be had", async () => {
    expect(await withNearTopic(MISSING, "payments", topics)).toBe(MISSING);
    const unreachable = () => Promise.reject(new Error("no broker"));
    expect(await withNearTopic(MISSING, "ordrs", unreachable)).toBe(MISSING);
  });

  it("is not what other failures are about", async () => {
    const other = new MillraceError("BROKER_UNREACHABLE", "no broker");

    expect(await withNearTopic(other, "ordrs", topics)).toBe(other);
  });
});
