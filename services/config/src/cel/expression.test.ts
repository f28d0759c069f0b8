import { describe, expect, test } from "vitest";
import { bodyFor, eventOf, readTarget, targetOf, type RecordSchema } from "../../test/target-of.ts";

const address = {
  type: "record",
  name: "Address",
  fields: [
    { name: "city", type: "string" },
    { name: "zip", type: ["null", "string"], default: null },
  ],
};
const signedUp: RecordSchema = {
  name: "test.SignedUp",
  fields: [
    { name: "userId", type: "string" },
    { name: "age", type: "int" },
    { name: "score", type: "double" },
    { name: "home", type: ["null", address], default: null },
    { name: "work", type: ["null", "test.Address"], default: null },
    { name: "tags", type: { type: "array", items: "string" }, default: [] },
    { name: "attributes", type: { type: "map", values: "string" }, default: {} },
  ],
};
const left: RecordSchema = {
  name: "test.Left",
  fields: [
    { name: "userId", type: "string" },
    { name: "reason", type: "string" },
  ],
};
const user = {
  userId: "u-1",
  age: 40,
  score: 0.5,
  home: { city: "Ulm", zip: null },
  work: null,
  tags: ["a", "b"],
  attributes: { plan: "pro" },
};

/** The JSON that an expression gives as the body, for an event of `test.SignedUp`. */
async function valueOf(expression: string, data: unknown = user): Promise<unknown> {
  const target = await targetOf(
    [`request: { url: "http://t", body: ${JSON.stringify(`= ${expression}`)} }`],
    [signedUp],
  );
  const { body } = target.mapping.map(eventOf(signedUp, data));
  return JSON.parse(body ?? "null");
}

/** What is wrong with an expression as the body. */
async function problemsOf(
  expression: string,
  schemas: readonly RecordSchema[] = [signedUp],
): Promise<readonly string[]> {
  const { problems } = await readTarget(
    [`request: { url: "http://t", body: ${JSON.stringify(`= ${expression}`)} }`],
    schemas,
  );
  return problems.map(({ message, hint }) =>
    hint === undefined ? message : `${message} (${hint})`,
  );
}

describe("an expression", () => {
  test.each([
    ["event.id", "e-1"],
    ["event.type", "test.SignedUp"],
    ["event.source", "/tests"],
    ["event.subject", null],
    ["event.time", "2026-11-25T10:00:00.123456Z"],
    ["event.key", "k-1"],
    ["event.headers.ce_id", "e-1"],
    ["event.headers.?nope.orValue('-')", "-"],
    ["event.data.userId + '!'", "u-1!"],
    ["event.data.age + 2", 42],
    ["double(event.data.age) * event.data.score", 20],
    ["event.data.home.city", "Ulm"],
    ["event.data.home.zip", null],
    ["event.data.?home.?city.orValue('none')", "Ulm"],
    ["event.data.?work.?city.orValue('none')", "none"],
    ["event.data.home != null ? event.data.home.city : null", "Ulm"],
    ["event.data.work != null ? event.data.work.city : null", null],
    ["has(event.data.home) && event.data.home != null", true],
    ["event.data.tags.map(t, t.upperAscii())", ["A", "B"]],
    [
      "event.data.tags.map(t, {'tag': t, 'user': event.data.userId})",
      [
        { tag: "a", user: "u-1" },
        { tag: "b", user: "u-1" },
      ],
    ],
    ["event.data.tags.join(', ')", "a, b"],
    ["event.data.attributes", { plan: "pro" }],
    ["event.data.attributes.?plan.orValue('free')", "pro"],
    ["event.data.attributes.?size.orValue('free')", "free"],
    ["{event.data.userId: event.data.age}", { "u-1": 40 }],
    ["[1, 'two', 3.5, null, true]", [1, "two", 3.5, null, true]],
    ["timestamp('2026-01-01T00:00:00.000001Z')", "2026-01-01T00:00:00.000001Z"],
    ["timestamp('2026-01-01T00:00:00+02:00') + duration('90m')", "2025-12-31T23:30:00.000Z"],
    ["timestamp(60)", "1970-01-01T00:01:00.000Z"],
    ["duration('1h30m')", "5400s"],
    ["event.time - timestamp('2026-11-25T09:59:58.123Z')", "2s"],
    ["int(timestamp('2026-01-01T00:00:00.9Z'))", 1_767_225_600],
    ["string(event.time)", "2026-11-25T10:00:00.123456Z"],
    ["9223372036854775807", "9223372036854775807"],
    ["1u", 1],
    ["cel.bind(n, event.data.age, n + n)", 80],
  ])("gives %s", async (expression, expected) => {
    expect(await valueOf(expression)).toEqual(expected);
  });

  test("compares records by what is in them", async () => {
    const twins = { ...user, work: user.home };

    expect(await valueOf("event.data.home == event.data.work", twins)).toBe(true);
    expect(await valueOf("event.data.work in [event.data.home]", twins)).toBe(true);
    expect(await valueOf("event.data.home == event.data.work")).toBe(false);
    expect(await valueOf("event.data.home != event.data.home")).toBe(false);
    const other = { ...user, work: { city: "Bonn", zip: null } };
    expect(await valueOf("event.data.home == event.data.work", other)).toBe(false);
  });

  test.each([
    ["a null's field", "event.data.work.city"],
    ["a division by zero", "event.data.age / 0"],
    ["a sum beyond 64 bits", "9223372036854775807 + event.data.age"],
    ["an index out of range", "event.data.tags[7]"],
    ["a key that is not there", "event.data.attributes.size"],
    ["a conversion that fails", "int(event.data.userId)"],
    ["the fields of a record gone through", "event.data.home.map(f, f)"],
    ["a time without a zone", "timestamp('2026-01-01T00:00:00.000' + '')"],
    ["a date in words", "timestamp('1 January 2026 10:00 UTC')"],
    ["a time out of range", "timestamp(999999999999)"],
    ["an optional that is not unwrapped", "[event.data.?work]"],
    ["NaN", "0.0 / 0.0 * event.data.score"],
    ["a type", "[type(event.data.age)]"],
  ])("fails the mapping on %s", async (_name, expression) => {
    await expect(valueOf(expression)).rejects.toMatchObject({
      code: "MAPPING_FAILED",
      details: { target: "crm", path: "request.body" },
    });
  });

  test.each(["__proto__", "constructor", "prototype"])(
    "fails the mapping where a computed key is %s, which CEL would drop",
    async (userId) => {
      await expect(valueOf("{event.data.userId: 1}", { ...user, userId })).rejects.toMatchObject({
        code: "MAPPING_FAILED",
      });
      expect(await problemsOf(`{'${userId}': 1}`)).toEqual([
        `"${userId}" cannot be a key of a CEL map`,
      ]);
    },
  );

  test("tells a failure by the part at fault, without the event's values", async () => {
    const failing = valueOf("int(event.data.userId) + 1", { ...user, userId: "s3cret" });

    await expect(failing).rejects.toThrow(
      "mapping failed: request.body (int conversion error in int(event.data.userId))",
    );
    await expect(failing).rejects.not.toThrow("s3cret");
  });

  test("reads a long text as a duration without stalling", async () => {
    const startedAt = performance.now();

    await expect(
      valueOf("duration(event.data.userId)", { ...user, userId: "1".repeat(50_000) }),
    ).rejects.toMatchObject({ code: "MAPPING_FAILED" });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe("a field name that JavaScript knows", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "get", "size", "keys"];

  test.each(names)("%s is data like any other", async (name) => {
    const schema = { name: "test.Odd", fields: [{ name, type: "string" }] };
    const target = await targetOf(
      [
        'request: { url: "http://t", body: { ' +
          `all: "= event.data", one: "= event.data.${name}", sum: "= event.data.${name} + '!'" } }`,
      ],
      [schema],
    );
    const event = eventOf(schema, null, { data: Object.fromEntries([[name, "v"]]) });

    expect(target.mapping.map(event).body).toBe(
      `{"all":{${JSON.stringify(name)}:"v"},"one":"v","sum":"v!"}`,
    );
  });

  test.each([...names, "__proto__"])("%s is a key of a map like any other", async (key) => {
    const values = Object.fromEntries([[key, "v"]]);
    const map = { type: "map", values: "string" };

    expect(await bodyFor(map, values, '"= event.data.x"')).toBe(`{${JSON.stringify(key)}:"v"}`);
    expect(await bodyFor(map, {}, `"= event.data.x.?${key}.orValue('none')"`)).toBe('"none"');
  });
});

describe("checked at load, an expression", () => {
  test.each([
    [
      "event.data.userid",
      'test.SignedUp has no field userid at character 12 (did you mean "userId"?)',
    ],
    ["event.dat.userId", 'event has no field dat at character 7 (did you mean "data"?)'],
    ["event.data.home.town", "test.Address has no field town at character 17"],
    [
      "event.data.?userid.orValue(null)",
      'test.SignedUp has no field userid at character 13 (did you mean "userId"?)',
    ],
    ["event.data.age + event.data.score", "no such overload: int + double"],
    ["event.data.age + 'a'", "no such overload: int + string"],
    ["event.data.userId.nope()", "found no matching overload for 'string.nope()'"],
    ["data.userId", "Unknown variable: data"],
    ["response.body", "response stands only where there is an answer"],
    ["event.data.userId.matches('a+')", "matches() is not available"],
    ["event.time.getHours('Europe/Berlin')", "depends on the machine"],
    ["now()", "found no matching overload for 'now()'"],
    ["timestamp(true)", "found no matching overload for 'timestamp(bool)'"],
    ["event.data.?home", "an optional has no value by itself"],
    ["event", "millrace.Event has no JSON form"],
    ["event.data.tags.map(event, event)", "event cannot be the name of a variable"],
    ["event.data.userId +", "broken expression"],
    ["", "broken expression"],
    [`${"(".repeat(200)}1${")".repeat(200)}`, "broken expression"],
  ])("%s is refused", async (expression, message) => {
    expect((await problemsOf(expression)).join("\n")).toContain(message);
  });

  test("is checked for each event type it can meet", async () => {
    expect(await problemsOf("event.data.reason", [signedUp, left])).toEqual([
      "test.SignedUp has no field reason at character 12 (known: userId, age, score, home, work, tags, " +
        "attributes; or narrow the filter to the types that have it, or write .?field.orValue(null))",
    ]);
    expect(await problemsOf("event.data.?reason.orValue(null)", [signedUp, left])).toEqual([]);
    expect(await problemsOf("event.data.userId", [signedUp, left])).toEqual([]);
  });

  test("is checked in the branch that an event type takes", async () => {
    const branches = "event.type == 'test.Left' ? event.data.reason : string(event.data.age)";

    expect(await problemsOf(branches, [signedUp, left])).toEqual([]);
    expect(await valueOf("event.type == 'test.SignedUp' ? event.data.age : 0")).toBe(40);
  });

  test("lets a filter narrow the types", async () => {
    const request = 'request: { url: "http://t", body: { why: "= event.data.reason" } }';

    expect((await readTarget([request], [signedUp, left])).problems).toHaveLength(1);
    for (const filter of [
      "event.type == 'test.Left'",
      "event.type in ['test.Left']",
      "event.type != 'test.SignedUp'",
      "event.type.endsWith('Left') && event.data.reason != ''",
      "!(event.type == 'test.SignedUp')",
    ]) {
      const lines = [`filter: "${filter}"`, request];
      expect((await readTarget(lines, [signedUp, left])).problems).toEqual([]);
    }
  });
});

describe("an event of another schema than the catalog's", () => {
  const foreign: RecordSchema = {
    name: "test.Foreign",
    fields: [
      { name: "userId", type: "string" },
      { name: "n", type: "long" },
    ],
  };

  test("is bound by its own schema", async () => {
    const target = await targetOf(
      ['request: { url: "http://t", body: { id: "= event.data.userId", all: "= event.data" } }'],
      [signedUp],
    );
    const avro = { type: "record", ...foreign };
    const event = eventOf(foreign, { userId: "u-9", n: 2n ** 60n });
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the type is never asked
    const schema = { id: 9, avro, type: null } as unknown as NonNullable<typeof event.schema>;

    expect(target.mapping.map({ ...event, schema }).body).toBe(
      '{"id":"u-9","all":{"userId":"u-9","n":"1152921504606846976"}}',
    );
  });

  test("without data, its data is null", async () => {
    const target = await targetOf(
      ['request: { url: "http://t", body: { gone: "= event.data == null", id: "= event.id" } }'],
      [signedUp],
    );

    expect(target.mapping.map(eventOf(signedUp, null)).body).toBe('{"gone":true,"id":"e-1"}');
  });
});
