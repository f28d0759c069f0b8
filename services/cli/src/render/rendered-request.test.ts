import type { AuthConfig, TargetConfig } from "@millrace/config";
import { idempotencyKey } from "@millrace/preparer";
import type { DecodedEvent } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { renderRequest } from "./rendered-request.ts";

const SECRET = "s3cret";

const event: DecodedEvent = {
  id: "1",
  source: "urn:t",
  type: "t",
  time: null,
  subject: null,
  tenant: "default",
  partitionKey: null,
  traceparent: null,
  tracestate: null,
  extensions: {},
  key: null,
  headers: {},
  data: null,
  schema: null,
};

function target(parts: Partial<TargetConfig>): TargetConfig {
  const standard = {
    name: "crm",
    mappingRevision: "0123456789abcdef",
    filter: { needs: "nothing", matchesHeaders: () => true, matches: () => true },
    mapping: {
      map: () => ({
        method: "POST",
        url: "http://crm/v1",
        headers: { "content-type": "application/json" },
        body: "{}",
        contentType: "application/json",
      }),
    },
    idempotency: { header: "idempotency-key", format: "bare", window: { kind: "undeclared" } },
    auth: { type: "none" },
    ...parts,
  };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only these parts are rendered
  return standard as TargetConfig;
}

const live = { event, topic: "orders" };

describe("renderRequest", () => {
  const kinds: readonly (readonly [AuthConfig, Readonly<Record<string, string>>])[] = [
    [{ type: "bearer", token: SECRET }, { authorization: "Bearer ***" }],
    [{ type: "basic", username: "u", password: SECRET }, { authorization: "Basic ***" }],
    [{ type: "header", name: "X-Api-Key", value: SECRET }, { "x-api-key": "***" }],
    [
      { type: "standard-webhooks", secrets: [SECRET] },
      { "webhook-signature": "v1,***", "webhook-timestamp": "<of the attempt>" },
    ],
    [
      {
        type: "token",
        url: "http://auth",
        method: "POST",
        headers: { "x-secret": SECRET },
        body: SECRET,
        tokenPointer: "/t",
        expiresInPointer: null,
        header: "authorization",
        prefix: "Token ",
      },
      { authorization: "Token ***" },
    ],
  ];

  it.each(kinds)("shows how %j proves itself, and no secret", (auth, headers) => {
    const rendered = renderRequest(target({ auth }), live);

    expect(rendered.headers).toMatchObject(headers);
    expect(JSON.stringify(rendered)).not.toContain(SECRET);
  });

  it("has the key of the live delivery, in the target's header and form", () => {
    const key = idempotencyKey({ tenant: "default", target: "crm", source: "urn:t", id: "1" });
    const idempotency = {
      header: "x-request-id",
      format: "sf-string",
      window: { kind: "undeclared" },
    } as const;

    expect(renderRequest(target({}), live).headers["idempotency-key"]).toBe(key);
    expect(renderRequest(target({ idempotency }), live).headers).toMatchObject({
      "x-request-id": `"${key}"`,
    });
  });

  it("sends nothing for an event that the filter passes over", () => {
    const filter = { needs: "headers", matchesHeaders: () => false, matches: () => false } as const;

    expect(renderRequest(target({ filter }), live)).toMatchObject({
      outcome: "filtered",
      method: null,
      headers: {},
    });
  });
});
