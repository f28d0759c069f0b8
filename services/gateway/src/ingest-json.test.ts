import { describe, expect, it } from "vitest";
import { headersOf } from "../test-support/memory-sink.ts";
import { kindOf, placesOf, setupGateway, userEvent } from "../test-support/gateway.ts";

const headersOfFirst = (gateway: Awaited<ReturnType<typeof setupGateway>>) => {
  const [record] = gateway.sink.records;
  return record === undefined ? {} : headersOf(record);
};

describe("an event as JSON", () => {
  it("is answered 202 with its position once it is acknowledged", async () => {
    const { post } = await setupGateway();
    const response = await post(userEvent({ source: "/a?b=c" }));

    expect(response.statusCode).toBe(202);
    expect(response.headers.location).toBe("/v1/events/%2Fa%3Fb%3Dc/e1");
    expect(response.json()).toEqual({
      accepted: [
        {
          id: "e1",
          source: "/a?b=c",
          type: "users.PasswordChanged",
          topic: "users",
          partition: 3,
          offset: "0",
        },
      ],
    });
  });

  it("carries its attributes to the record", async () => {
    const gateway = await setupGateway();
    const time = "2026-01-02T03:04:05Z";
    await gateway.post(userEvent({ key: "k", subject: "s", time, extensions: { region: "eu" } }));

    expect(gateway.sink.records[0]?.key?.toString()).toBe("k");
    expect(headersOfFirst(gateway)).toMatchObject({
      ce_id: "e1",
      ce_source: "/tests",
      ce_type: "users.PasswordChanged",
      ce_subject: "s",
      ce_time: time,
      ce_partitionkey: "k",
      ce_region: "eu",
    });
  });

  it("with a lone surrogate in its data is refused with the field's place and what is wrong", async () => {
    const { post } = await setupGateway();
    const response = await post(userEvent({ data: { userId: "a\ud800", changedAt: 0 } }));

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      errors: [
        {
          pointer: "/data/userId",
          detail: "must be a string, received a string with a lone surrogate",
        },
      ],
    });
  });

  it("gets an id where it has none", async () => {
    const { post } = await setupGateway();
    const { id, ...event } = userEvent();
    const response = await post(event);

    expect(id).toBe("e1");
    expect(response.json()).toMatchObject({
      accepted: [{ id: expect.stringMatching(/^[0-9a-f-]{14}7/u) as unknown }],
    });
  });

  it.each([
    ["a text", '"text"', [""]],
    ["null", "null", [""]],
    ["no type", { data: {}, source: "/t" }, ["/type"]],
    ["no data", { type: "users.PasswordChanged", source: "/t" }, ["/data"]],
    ["no source", userEvent({ source: undefined }), ["/source"]],
    ["an unknown member", userEvent({ subjekt: "s", "a/b": 1 }), ["/subjekt", "/a~1b"]],
    ["attributes of other types", userEvent({ id: 7, time: "now" }), ["/id", "/time"]],
    ["an id that is null", userEvent({ id: null }), ["/id"]],
    ["extensions that are no object", userEvent({ extensions: [] }), ["/extensions"]],
    ["an extension that is no text", userEvent({ extensions: { a: 1 } }), ["/extensions/a"]],
    ["an extension with a bad name", userEvent({ extensions: { A: "1" } }), ["/extensions/A"]],
    [
      "data that does not fit",
      userEvent({ data: { userId: 1 } }),
      ["/data/userId", "/data/changedAt"],
    ],
  ])("with %s is refused with pointers", async (_what, body, places) => {
    const { post, sink } = await setupGateway();
    const response = await post(body);

    expect([response.statusCode, kindOf(response)]).toEqual([400, "event-invalid"]);
    expect(placesOf(response)).toEqual(places);
    expect(sink.records).toEqual([]);
  });

  it("of an unknown type is refused with the name that was probably meant", async () => {
    const { post } = await setupGateway();
    const response = await post(userEvent({ type: "users.PaswordChanged" }));

    expect([response.statusCode, kindOf(response)]).toEqual([400, "event-type-unknown"]);
    expect(placesOf(response)).toEqual(["/type"]);
    expect(response.body).toContain("did you mean users.PasswordChanged?");
  });

  it("quotes no more than a line of the names that its sender made up", async () => {
    const { post, telemetry } = await setupGateway();
    const long = "x".repeat(100_000);
    const answers = [
      await post(userEvent({ type: long })),
      await post(userEvent({ [long]: 1 })),
      await post(userEvent({ data: { [long]: 1 } })),
    ];
    await expect.poll(() => telemetry.lines.length).toBe(3);

    for (const { statusCode, body } of answers) {
      expect(statusCode).toBe(400);
      expect(body.length).toBeLessThan(5_000);
    }
    expect(JSON.stringify(telemetry.lines).length).toBeLessThan(10_000);
  });

  it.each([
    ["9007199254740993", "beyond what a JSON number holds exactly"],
    ["1e400", "that is infinite"],
    ["1.5", "with a fraction"],
  ])("with the long %s, %s, is refused", async (number) => {
    const { post } = await setupGateway();
    const text = JSON.stringify(userEvent()).replace('"changedAt":0', `"changedAt":${number}`);

    expect(placesOf(await post(text))).toEqual(["/data/changedAt"]);
  });

  it("carries a long beyond 2^53 as a text of digits", async () => {
    const { post } = await setupGateway();
    const event = userEvent({
      type: "users.ProfileUpdated",
      data: { userId: "u", display_name: "", email: "", revision: "9007199254740993" },
    });

    expect((await post(event)).statusCode).toBe(202);
  });
});

describe("a batch as JSON", () => {
  const three = [1, 2, 3].map((n) => userEvent({ id: `e${n}` }));

  it.each([
    ["an array", three],
    ["an object with events", { events: three }],
  ])("that is %s is acknowledged in its order, without a location", async (_what, body) => {
    const { post } = await setupGateway();
    const response = await post(body);

    expect(response.statusCode).toBe(202);
    expect(response.headers.location).toBeUndefined();
    expect(response.json<{ accepted: { id: string }[] }>().accepted.map(({ id }) => id)).toEqual([
      "e1",
      "e2",
      "e3",
    ]);
  });

  it.each([
    ["an array", (events: unknown) => events, ""],
    ["an object with events", (events: unknown) => ({ events }), "/events"],
  ])("that is %s is refused whole, with the index of each problem", async (_what, wrap, base) => {
    const { post, sink } = await setupGateway();
    const bad = userEvent({ id: "e2", data: { userId: "u" } });
    const unknown = userEvent({ id: "e3", type: "users.Nothing" });
    const response = await post(wrap([three[0], bad, unknown]));

    expect([response.statusCode, kindOf(response)]).toEqual([400, "event-invalid"]);
    expect(placesOf(response)).toEqual([`${base}/1/data/changedAt`, `${base}/2/type`]);
    expect(sink.records).toEqual([]);
  });

  it.each([
    ["[]", [""]],
    ['{"events":[]}', ["/events"]],
    ['{"events":{}}', ["/events"]],
    ['{"events":[],"type":"t"}', ["/type"]],
    ["[1,[]]", ["/0", "/1"]],
  ])("such as %s is refused", async (body, places) => {
    const { post } = await setupGateway();
    const response = await post(body);

    expect(kindOf(response)).toBe("event-invalid");
    expect(placesOf(response)).toEqual(places);
  });

  it("holds 1,000 events and no more", async () => {
    const { post } = await setupGateway();
    const events = Array.from({ length: 1_001 }, (_, n) => userEvent({ id: `e${n}` }));

    expect((await post(events.slice(1))).statusCode).toBe(202);
    const response = await post(events);
    expect([response.statusCode, kindOf(response)]).toEqual([413, "body-too-large"]);
  });

  it("says each event once: what stands there twice would stand in the log twice", async () => {
    const { post, sink } = await setupGateway();
    const [first, second] = three;
    const response = await post([first, second, first]);

    expect(kindOf(response)).toBe("event-invalid");
    expect(placesOf(response)).toEqual(["/2/id"]);
    expect(sink.records).toEqual([]);
    const other = await post([first, { ...first, source: "/other" }]);
    expect(other.statusCode).toBe(202);
  });

  it("lists at most 100 problems", async () => {
    const { post } = await setupGateway();
    const response = await post(Array.from({ length: 101 }, () => ({})));

    expect(placesOf(response)).toHaveLength(100);
    expect(response.json<{ detail: string }>().detail).toContain("the first 100 are listed");
  });
});
