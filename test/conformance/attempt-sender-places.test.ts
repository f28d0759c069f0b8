/** Where the HTTP sender connects: never to a place that the network policy refuses, however it is written or looked up. */
import type { LookupFunction } from "node:net";
import { describe, expect, it } from "vitest";
import { attempt, httpSender, requestTo } from "../support/http-bench.ts";
import { answerOf, startScriptedTarget } from "../support/scripted-target.ts";

/** Names that always have these addresses, in turn for each look-up. */
function lookupOf(...answers: readonly (readonly string[])[]): LookupFunction & { count: number } {
  const lookup = Object.assign(
    ((_name, _options, callback) => {
      const addresses = answers[Math.min(lookup.count, answers.length - 1)] ?? [];
      lookup.count += 1;
      const found = addresses.map((address) => ({
        address,
        family: address.includes(":") ? 6 : 4,
      }));
      queueMicrotask(() => callback(null, found));
    }) satisfies LookupFunction,
    { count: 0 },
  );
  return lookup;
}

const PUBLIC = { kind: "public" } as const;

describe("a public target", () => {
  it.each([
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "①②⑦.⓪.⓪.①",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "0",
    "0.0.0.0",
    "[::]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "224.0.0.1",
    "255.255.255.255",
  ])("is not at %s", async (host) => {
    const target = await startScriptedTarget();
    const origin = `http://${host}:${target.port}/`;
    let result;
    try {
      // Resolvers differ in what they make of a trailing dot; the guard must not.
      const lookup = host.startsWith("localhost.") ? { lookup: lookupOf(["127.0.0.1"]) } : {};
      const sender = httpSender({ origin, network: PUBLIC, ...lookup });
      result = await attempt(sender, requestTo(origin, { timeoutMs: 2_000 }));
    } catch (error) {
      // Refused when the target is configured is as good.
      expect(error).toMatchObject({ code: "CONFIG_INVALID" });
      return;
    }

    expect(result).toMatchObject({ kind: "misconfigured", reason: "ADDRESS_BLOCKED" });
    expect(target.connectionCount()).toBe(0);
  });

  it.each([
    ["a private address", [["10.1.2.3"]]],
    ["a public one with a private one beside it", [["93.184.215.14", "127.0.0.1"]]],
    ["a loopback address of the other family", [["::1"]]],
    ["cloud metadata", [["169.254.169.254"]]],
  ])("is not behind a name that has %s", async (_, answers) => {
    const target = await startScriptedTarget();
    const origin = `http://name.example:${target.port}/`;
    const sender = httpSender({ origin, network: PUBLIC, lookup: lookupOf(...answers) });

    expect(await attempt(sender, requestTo(origin))).toMatchObject({
      kind: "misconfigured",
      reason: "ADDRESS_BLOCKED",
    });
    expect(target.connectionCount()).toBe(0);
  });
});

describe("a name whose addresses change", () => {
  const network = { kind: "list", cidrs: ["127.0.0.1/32"] } as const;

  it("is checked anew for each connection, and an open one stays where it was", async () => {
    const target = await startScriptedTarget();
    const origin = `http://name.example:${target.port}/`;
    const lookup = lookupOf(["127.0.0.1"], ["127.0.0.2"]);
    const sender = httpSender({ origin, network, lookup, connections: 1 });
    const send = () => attempt(sender, requestTo(origin));

    expect((await send()).kind).toBe("delivered");
    expect((await send()).kind).toBe("delivered");
    expect(lookup.count).toBe(1);

    target.answer(({ socket }) => {
      socket.end(answerOf(204, { connection: "close" }));
      return undefined;
    });
    expect((await send()).kind).toBe("delivered");
    expect(await send()).toMatchObject({ kind: "misconfigured", reason: "ADDRESS_BLOCKED" });
    expect(target.requests).toHaveLength(3);
  });

  it("is looked up once a connection, so that it cannot answer otherwise in between", async () => {
    const target = await startScriptedTarget();
    const origin = `http://name.example:${target.port}/`;
    const lookup = lookupOf(["127.0.0.1"], ["127.0.0.2"]);
    const sender = httpSender({ origin, network, lookup });

    expect((await attempt(sender, requestTo(origin))).kind).toBe("delivered");
    expect(lookup.count).toBe(1);
  });

  it("without any address is tried again later", async () => {
    const origin = "http://name.example/";
    const sender = httpSender({ origin, network, lookup: lookupOf([]) });

    expect(await attempt(sender, requestTo(origin))).toMatchObject({
      kind: "retry",
      reason: "DNS_FAILED",
      ambiguous: false,
    });
  });
});

describe("an internal target", () => {
  it.each(["169.254.169.254", "[fe80::1]", "100.100.100.200", "224.0.0.1", "0.0.0.0"])(
    "is not at %s",
    async (host) => {
      const origin = `http://${host}/`;
      const sender = httpSender({ origin });

      expect(await attempt(sender, requestTo(origin))).toMatchObject({
        kind: "misconfigured",
        reason: "ADDRESS_BLOCKED",
      });
    },
  );

  it("may be on this machine", async () => {
    const target = await startScriptedTarget();
    const sender = httpSender({ origin: target.origin });

    expect((await attempt(sender, requestTo(target.origin))).kind).toBe("delivered");
  });

  it("is reached without the proxies of the environment", async () => {
    const proxy = await startScriptedTarget();
    const target = await startScriptedTarget();
    process.env["HTTP_PROXY"] = proxy.origin;
    const sender = httpSender({ origin: target.origin });

    const result = await attempt(sender, requestTo(target.origin));
    delete process.env["HTTP_PROXY"];

    expect(result.kind).toBe("delivered");
    expect(proxy.connectionCount()).toBe(0);
  });
});
