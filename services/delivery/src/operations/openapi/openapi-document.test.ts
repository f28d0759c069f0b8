import { readFileSync } from "node:fs";
import type { TargetView } from "@millrace/diagnosis";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  isRecord,
  resolved,
  schemaProblems,
  type NamedSchemas,
} from "../../../test-support/schema-problems.ts";
import { heldTarget, limitedTarget, newTarget } from "../../../test-support/troubled-targets.ts";
import { startAdminServer } from "../../admin-server.ts";
import { accessFor } from "../access.ts";
import { SCHEMAS_AT, type Schema } from "./json-schema.ts";
import { OPENAPI_DOCUMENT } from "./openapi-document.ts";

const PUBLISHED = new URL("../../../openapi.json", import.meta.url);
const TOKEN = "s3cret";
const schemas: NamedSchemas = OPENAPI_DOCUMENT.components.schemas;
const TARGET: Schema = { $ref: `${SCHEMAS_AT}Target` };

const TARGETS: readonly (readonly [string, () => TargetView])[] = [
  ["that everything holds", heldTarget],
  ["with a rate", limitedTarget],
  ["that has just begun", newTarget],
];

/** A value as a client reads it. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("the document of the operations API", () => {
  it("is the one that is published", () => {
    const published: unknown = JSON.parse(readFileSync(PUBLISHED, "utf8"));

    expect(published, "write it anew: npm run -w services/delivery openapi").toEqual(
      asJson(OPENAPI_DOCUMENT),
    );
  });

  it("has every schema that it names, and names every schema that it has", () => {
    const text = JSON.stringify(OPENAPI_DOCUMENT);
    const named = [...text.matchAll(/"#\/components\/schemas\/(?<name>\w+)"/gu)];

    expect(new Set(named.map(({ groups }) => groups?.["name"]))).toEqual(
      new Set(Object.keys(schemas)),
    );
  });
});

describe.each(TARGETS)("a target %s", (_, make) => {
  it("is as the document says", () => {
    expect(schemaProblems(asJson(make()), TARGET, schemas)).toEqual([]);
  });

  it("is refused without any of its fields, and with any other", () => {
    const target = asJson(make());
    const missed = [...changesOf(target)].filter(
      ({ changed }) => schemaProblems(changed, TARGET, schemas).length === 0,
    );

    // A reason that counts nothing is left out of counts.
    const isCount = /\/(?:skipped|failed)\/[A-Z_]+$/u;
    expect(missed.map(({ what }) => what).filter((what) => !isCount.test(what))).toEqual([]);
  });
});

it("tells every field of a target of one of these with a value", () => {
  const told = new Set<string>();
  for (const [, make] of TARGETS) noteTold(asJson(make()), TARGET, told);
  const documented = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties).map((property) => `${name}.${property}`),
  );
  const ofDocuments = /^(?:TargetState|TargetStateList|Problem|Readiness)\./u;

  expect(documented.filter((field) => !ofDocuments.test(field) && !told.has(field))).toEqual([]);
  const kinds = new Set(heldTarget().holds.map(({ kind }) => kind));
  expect(kinds.size).toBe(schemas["Hold"]?.oneOf?.length);
});

describe("what a process answers", () => {
  const ASKED = Object.entries(OPENAPI_DOCUMENT.paths).flatMap(([path, { get }]) =>
    Object.entries(get.responses).map(
      ([status, response]) => [Number(status), path, response] as const,
    ),
  );

  it.each(ASKED)("is documented: %i of %s", async (status, path, { content, headers = {} }) => {
    const { url, authorization } = await setup(status);
    const name = status === 404 ? "cmr" : "crm";

    const answer = await fetch(`${url}${path.replace("{name}", name)}`, {
      headers: authorization === null ? {} : { authorization },
    });

    const type = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
    expect(answer.status).toBe(status);
    expect(Object.keys(content)).toEqual([type]);
    for (const header of Object.keys(headers)) expect(answer.headers.has(header)).toBe(true);
    const text = await answer.text();
    const body: unknown = type.endsWith("json") ? JSON.parse(text) : text;
    const schema = content[type]?.schema ?? {};
    if (path === "/v1/openapi.json" && status === 200)
      expect(body).toEqual(asJson(OPENAPI_DOCUMENT));
    else expect(schemaProblems(body, schema, schemas)).toEqual([]);
  });
});

/** A process that has reason to answer so. */
async function setup(status: number) {
  const token = status === 401 || status === 200 ? TOKEN : undefined;
  const access = status === 403 ? accessFor("0.0.0.0", undefined) : accessFor("127.0.0.1", token);
  const sources = {
    notReady: () => (status === 503 ? ["crm: not a member of its group"] : []),
    metrics: () => Promise.resolve("a_total 1\n"),
    operations: { access, targets: () => [heldTarget()] },
  };
  const admin = await startAdminServer(sources, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => admin.close());
  const authorization = status === 200 ? `Bearer ${TOKEN}` : null;
  return { url: `http://127.0.0.1:${admin.port}`, authorization };
}

interface Change {
  readonly what: string;
  readonly changed: unknown;
}

/** The value without one of its fields, for each at whatever depth; and with one more in each object. */
function* changesOf(value: unknown, at = ""): Generator<Change> {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) {
      for (const { what, changed } of changesOf(one, `${at}/${index}`)) {
        yield { what, changed: value.with(index, changed) };
      }
    }
  } else if (isRecord(value)) {
    yield { what: `with ${at}/other`, changed: { ...value, other: 1 } };
    for (const [name, field] of Object.entries(value)) {
      const others = Object.entries(value).filter(([other]) => other !== name);
      yield { what: `without ${at}/${name}`, changed: Object.fromEntries(others) };
      for (const { what, changed } of changesOf(field, `${at}/${name}`)) {
        yield { what, changed: { ...value, [name]: changed } };
      }
    }
  }
}

/** Notes fields of named schemas that a value has, and that are not null. */
function noteTold(value: unknown, schema: Schema, told: Set<string>): void {
  const { oneOf, items, properties = {} } = resolved(schema, schemas);
  for (const one of oneOf ?? []) {
    if (schemaProblems(value, one, schemas).length === 0) noteTold(value, one, told);
  }
  if (Array.isArray(value)) for (const one of value) noteTold(one, items ?? {}, told);
  if (!isRecord(value)) return;
  const name = schema.$ref?.slice(SCHEMAS_AT.length);
  for (const [field, inside] of Object.entries(properties)) {
    if (value[field] === null || value[field] === undefined) continue;
    told.add(`${name}.${field}`);
    noteTold(value[field], inside, told);
  }
}
