import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { createCodec, located } from "../fixtures/codec.ts";

const FILE = join(import.meta.dirname, "../../infra/examples/flights/flights-2013-01.ndjson.gz");

interface Line {
  readonly type: string;
  readonly time: string;
}

function lineOf(json: unknown): Line {
  const isLine = (value: unknown): value is Line =>
    typeof value === "object" && value !== null && "type" in value && "time" in value;
  if (isLine(json)) return json;
  throw new Error("a line of the flights has a type and a time");
}

it("brings every hundredth of the real flights back as it was", async () => {
  const { encoder, decoder } = await createCodec();
  const lines = gunzipSync(await readFile(FILE))
    .toString("utf8")
    .trimEnd()
    .split("\n");

  for (const line of lines.filter((_, index) => index % 100 === 0)) {
    const { type, time, ...data } = lineOf(JSON.parse(line));
    const record = encoder.encode({ type: `flights.${type}`, time, source: "urn:flights", data });

    const result = decoder.decode(located(record));

    expect(result).toMatchObject({ kind: "event", event: { type: `flights.${type}`, time } });
    if (result.kind === "event") expect(result.event.data).toEqual(data);
  }
});
