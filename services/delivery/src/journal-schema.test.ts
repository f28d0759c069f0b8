import {
  JOURNAL_SCHEMA,
  NO_TELEMETRY,
  type Cancel,
  type Clock,
  type Telemetry,
} from "@millrace/engine";
import { SchemaError, type SchemaErrorCode } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { findJournalSchema } from "./journal-schema.ts";

type Answer = number | SchemaErrorCode;

/** Lets everything run that promises have led to. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A registry that gives these answers in turn, the last one for ever, and a clock that a test moves. */
function setup(...answers: readonly Answer[]) {
  const asked: unknown[][] = [];
  const lines: { message: string; fields: unknown }[] = [];
  const waiting: { readonly delayMs: number; readonly run: () => void }[] = [];
  const ending = new AbortController();
  const clock: Clock = {
    now: () => 0,
    wallNow: () => 0,
    schedule: (delayMs, run): Cancel => {
      const one = { delayMs, run };
      waiting.push(one);
      return () => {
        if (waiting.includes(one)) waiting.splice(waiting.indexOf(one), 1);
      };
    },
  };
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    log: (_, message, fields) => {
      lines.push({ message, fields });
    },
  };
  const registry = {
    idOf: (subject: string, avro: unknown): Promise<number> => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? 0;
      asked.push([subject, avro]);
      return typeof answer === "number"
        ? Promise.resolve(answer)
        : Promise.reject(new SchemaError(answer, `it says ${answer}`));
    },
  };
  const remedy = "millrace init -c m.yaml";
  const lookup = { registry, subject: "ns.deliveries-x", remedy, clock, telemetry };
  const found: number[] = [];
  void findJournalSchema(lookup, ending.signal).then((id) => found.push(id));
  return {
    ...{ asked, lines, waiting, ending, found },
    /** Lets the pause under way be over. */
    goOn: async (): Promise<void> => {
      await settled();
      waiting[0]?.run();
      await settled();
    },
  };
}

describe("the id of the journal's schema", () => {
  it("is asked for by subject and schema", async () => {
    const { asked, found, lines } = setup(7);
    await settled();

    expect(found).toEqual([7]);
    expect(asked).toEqual([["ns.deliveries-x", JOURNAL_SCHEMA]]);
    expect(lines).toEqual([]);
  });

  it("is asked for again while the registry is away, with a pause that grows, told once", async () => {
    const { found, lines, waiting, goOn } = setup(
      ...(["REGISTRY_UNREACHABLE", "REGISTRY_UNREACHABLE", 7] as const),
    );
    await settled();
    const first = waiting[0]?.delayMs ?? 0;
    await goOn();
    expect(waiting[0]?.delayMs).toBe(first * 2);
    await goOn();

    expect(found).toEqual([7]);
    expect(lines).toHaveLength(1);
  });

  it("that is not registered is told with the command to run, and found once it is", async () => {
    const { found, lines, goOn } = setup("SCHEMA_UNKNOWN", 7);
    await settled();
    expect(lines[0]?.message).toContain("run millrace init -c m.yaml");

    await goOn();
    expect(found).toEqual([7]);
  });

  it("is asked for no more once the process ends, and leaves no timer", async () => {
    const { asked, found, waiting, ending } = setup("REGISTRY_UNREACHABLE");
    await settled();
    ending.abort();
    await settled();

    expect(waiting).toEqual([]);
    expect([asked.length, found]).toEqual([1, []]);
  });
});
