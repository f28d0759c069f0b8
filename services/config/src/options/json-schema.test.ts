import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configJsonSchema } from "./file-options.ts";

const PUBLISHED = new URL("../../millrace.schema.json", import.meta.url);

test("the published JSON Schema is the one that files are checked by", async () => {
  const published: unknown = JSON.parse(await readFile(PUBLISHED, "utf8"));

  expect(
    published,
    "write it anew: npx millrace config schema > services/config/millrace.schema.json",
  ).toEqual(configJsonSchema());
});

test("the JSON Schema is of draft 7 and refuses unknown keys", () => {
  expect(configJsonSchema()).toMatchObject({
    $schema: "http://json-schema.org/draft-07/schema#",
    required: ["apiVersion"],
    additionalProperties: false,
    properties: {
      targets: {
        additionalProperties: {
          required: ["topics", "startAt", "request"],
          additionalProperties: false,
        },
      },
    },
  });
});
