import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import { createTargetDecoder } from "@millrace/preparer";
import {
  createEncoder,
  createMemoryRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
} from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { compileFilter } from "../tail/event-filter.ts";
import { LetterJudge } from "./letter-judge.ts";

const TYPE = "users.ProfileUpdated";
const BY_DATA = `event.type == "${TYPE}" && event.data.revision > 4`;

/** A judge of a filter, and the dead letter of an event. */
async function setup(source: string) {
  const catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
  const registry = createMemoryRegistry();
  const schema = catalog.types.get(TYPE);
  const id = await registry.register(schema?.subject ?? "", schema?.avro);
  const encoder = createEncoder(catalog, new Map([[TYPE, id]]));
  const filter = await compileFilter(source, { topics: ["users"], catalogPath: catalog.path });
  const input = { envelope: "require", tombstones: "skip" } as const;
  const contracts = { catalog, registry, clusterId: "", unknownGraceMs: 0 };
  const judge = new LetterJudge({
    filter,
    decoder: createTargetDecoder({ input }, contracts),
  });
  const letter = (revision: number, of: LetterOptions = {}): SourceRecord => {
    const data = { userId: "u1", display_name: "Ada", email: "ada@example.com", revision };
    const { key, value, headers } = encoder.encode({ type: TYPE, source: "/test", data });
    const place = { "millrace-topic": "users", "millrace-partition": "0", "millrace-offset": "7" };
    const own = Object.entries({ ...place, ...of.headers });
    return {
      ...{ topic: asTopic("millrace.crm.dead"), partition: asPartition(0), offset: asOffset(1) },
      ...{ timestampMs: 1, key, value: of.value === undefined ? value : of.value },
      headers: {
        ...(of.isForeign === true ? {} : headers),
        ...Object.fromEntries(own.map(([name, text]) => [name, Buffer.from(text)])),
      },
    };
  };
  return { judge, letter };
}

interface LetterOptions {
  readonly value?: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the headers of an event. */
  readonly isForeign?: true;
}

const POISON = Buffer.from("no frame");
const CUT: LetterOptions = { value: null, headers: { "millrace-value": "omitted: too large" } };

describe("a filter over dead letters", () => {
  it("is asked about the event as it was, bound by its schema", async () => {
    const { judge, letter } = await setup(BY_DATA);

    expect(await judge.judge(letter(5))).toBe("matches");
    expect(await judge.judge(letter(4))).toBe("differs");
  });

  it("is not taken to say anything of an event that cannot be decoded, or whose value was too large", async () => {
    const { judge, letter } = await setup(BY_DATA);

    expect(await judge.judge(letter(5, { value: POISON }))).toBe("unfilterable");
    expect(await judge.judge(letter(5, CUT))).toBe("unfilterable");
    expect(await judge.judge(letter(5, { isForeign: true }))).toBe("unfilterable");
  });

  it("says nothing of an event that has not what it asks for, such as one without a value", async () => {
    const { judge, letter } = await setup(BY_DATA);

    expect(await judge.judge(letter(5, { value: null }))).toBe("unfilterable");
  });

  it("is answered by the headers where these decide, whatever the value is", async () => {
    const other = await setup('event.type == "users.PasswordChanged"');
    const both = await setup(`event.type == "${TYPE}" && event.source == "/test"`);

    for (const of of [{ value: POISON }, CUT]) {
      expect(await other.judge.judge(other.letter(5, of))).toBe("differs");
      expect(await both.judge.judge(both.letter(5, of))).toBe("matches");
    }
  });
});
