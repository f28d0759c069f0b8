/** How the HTTP sender proves who calls. */
import type { AuthConfig } from "@millrace/http";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { attempt, httpSender, loggingTelemetry, requestTo } from "../support/http-bench.ts";
import { answerOf, startScriptedTarget, type ScriptedTarget } from "../support/scripted-target.ts";

const SECRETS = [24, 64].map((size) => `whsec_${Buffer.alloc(size, size).toString("base64")}`);

async function setup(auth: AuthConfig) {
  const target = await startScriptedTarget();
  const { telemetry, lines } = loggingTelemetry();
  const sender = httpSender({ origin: target.origin, auth, telemetry });
  return { target, sender, lines, send: () => attempt(sender, requestTo(target.origin)) };
}

/** A token URL that gives `token-1`, `token-2` and so on, and a target that wants the token of `accepted()`. */
async function setupTokens(life: number | null = null) {
  const issuer = await startScriptedTarget();
  issuer.answer(() => {
    const token = `token-${issuer.requests.length}`;
    return answerOf(200, {}, JSON.stringify({ auth: { token, life } }));
  });
  const bundle = await setup(tokenAuth(issuer));
  return { issuer, ...bundle };
}

const tokenAuth = (issuer: ScriptedTarget): AuthConfig => ({
  type: "token",
  url: `${issuer.origin}login`,
  method: "POST",
  headers: { "content-type": "application/json" },
  body: '{"secret":"canary-secret"}',
  tokenPointer: "/auth/token",
  expiresInPointer: "/auth/life",
  header: "Authorization",
  prefix: "Bearer ",
});

describe("fixed credentials", () => {
  it.each<[AuthConfig, string, string]>([
    [{ type: "bearer", token: "t0" }, "authorization", "Bearer t0"],
    [{ type: "basic", username: "u", password: "pä:ss" }, "authorization", "Basic dTpww6Q6c3M="],
    [{ type: "header", name: "X-Api-Key", value: "k" }, "x-api-key", "k"],
  ])("go with each call: %j", async (auth, name, value) => {
    const { target, send } = await setup(auth);

    await send();

    expect(target.requests[0]?.headers[name]).toBe(value);
  });

  it("cannot be overwritten by an event", async () => {
    const { target, sender } = await setup({ type: "bearer", token: "t0" });

    const result = await attempt(
      sender,
      requestTo(target.origin, { headers: { authorization: "Bearer evil" } }),
    );

    expect(result).toMatchObject({ kind: "undeliverable", reason: "MAPPING_FAILED" });
  });
});

describe("standard webhooks", () => {
  it("verify with the reference library, under each secret of a rotation", async () => {
    const { target, send } = await setup({ type: "standard-webhooks", secrets: SECRETS });

    await send();

    const [request] = target.requests;
    for (const secret of SECRETS) {
      expect(new Webhook(secret).verify(request?.body ?? "", request?.headers ?? {})).toEqual({
        n: 1,
      });
    }
    expect(request?.headers["webhook-id"]).toBe("key-1");
    expect(request?.headers["idempotency-key"]).toBe("key-1");
    expect(() => new Webhook(SECRETS[0] ?? "").verify('{"n":2}', request?.headers ?? {})).toThrow();
  });
});

describe("a token", () => {
  it("is fetched once for many calls and kept", async () => {
    const { issuer, target, send } = await setupTokens();

    await Promise.all(Array.from({ length: 5 }, send));
    await send();

    expect(issuer.requests).toMatchObject([
      { method: "POST", path: "/login", body: '{"secret":"canary-secret"}' },
    ]);
    expect(new Set(target.requests.map(({ headers }) => headers["authorization"]))).toEqual(
      new Set(["Bearer token-1"]),
    );
  });

  it("that is refused is fetched anew once, and the call made again", async () => {
    const { issuer, target, send } = await setupTokens();
    target.answer(({ headers }) =>
      answerOf(headers["authorization"] === "Bearer token-2" ? 204 : 401),
    );

    expect(await send()).toEqual({ kind: "delivered", status: 204 });
    expect(issuer.requests).toHaveLength(2);
    expect(target.requests.map(({ headers }) => headers["idempotency-key"])).toEqual([
      "key-1",
      "key-1",
    ]);
  });

  it("that is refused twice is the target's configuration", async () => {
    const { issuer, target, send } = await setupTokens();
    target.answer(() => answerOf(401));

    expect(await send()).toMatchObject({ kind: "misconfigured", reason: "HTTP_UNAUTHORIZED" });
    expect(issuer.requests).toHaveLength(2);
  });

  it("that has lived half of a short life is fetched anew", async () => {
    const { issuer, send } = await setupTokens(0.02);
    await send();
    await expect
      .poll(async () => {
        await send();
        return issuer.requests.length;
      })
      .toBeGreaterThan(1);
  });

  it.each<[string, string]>([
    ["refuses us", answerOf(403)],
    ["redirects", answerOf(302, { location: "http://127.0.0.1:1/" })],
    ["answers no JSON", answerOf(200, {}, "canary-secret")],
    ["answers no token", answerOf(200, {}, '{"auth":{}}')],
    ["answers a token with a line break", answerOf(200, {}, '{"auth":{"token":"a\\r\\nb"}}')],
    ["answers without end", answerOf(200, { "content-length": "70000" }, "x".repeat(70_000))],
  ])("that cannot be had is no fault of the event: the URL %s", async (_, answer) => {
    const { issuer, target, send, lines } = await setupTokens();
    issuer.answer(() => answer);

    const result = await send();

    expect(result).toMatchObject({ kind: "misconfigured", reason: "HTTP_UNAUTHORIZED" });
    expect(target.requests).toEqual([]);
    expect(JSON.stringify([result, lines])).not.toContain("canary-secret");
  });

  it("is waited for within the attempt's deadline", async () => {
    const { issuer, target, sender } = await setupTokens();
    issuer.answer(() => undefined);

    const result = await attempt(sender, requestTo(target.origin, { timeoutMs: 100 }));

    expect(result).toMatchObject({ kind: "retry", reason: "TIMEOUT", ambiguous: false });
  });
});
