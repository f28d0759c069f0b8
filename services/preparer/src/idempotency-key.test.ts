import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { idempotencyKey } from "./idempotency-key.ts";

const IDENTITY = {
  tenant: "default",
  target: "profile-api",
  source: "https://users.example.com",
  id: "0191f2c4-7b1e-7c3a-9d52-0f6f7a3f8e11",
};

test.each([
  [IDENTITY, "xQeIaHlG5INvE5MeXlfWW4icqO85LDYs"],
  [
    { tenant: "default", target: "audit", source: "/flüge", id: 'a"b\\c' },
    "nlINlh-LlsUwnrP1CKXVIMJRgJNA9yGd",
  ],
  [{ tenant: "", target: "", source: "", id: "" }, "DAs_Ooj6seJvuuEx6KGZRN_dEMzAYznf"],
])("gives the key of the README's test vector %#", (identity, key) => {
  expect(idempotencyKey(identity)).toBe(key);
});

test("is base64url of the first 24 bytes of SHA-256 over the identity as JSON", () => {
  const { tenant, target, source, id } = IDENTITY;
  const digest = createHash("sha256")
    .update(JSON.stringify(["v1", tenant, target, source, id]), "utf8")
    .digest("base64url");

  expect(idempotencyKey(IDENTITY)).toBe(digest.slice(0, 32));
});

test("differs when any part of the identity differs, and when text moves from one part to the next", () => {
  const others = [
    { ...IDENTITY, tenant: "other" },
    { ...IDENTITY, target: "profile-ap", source: `i${IDENTITY.source}` },
    { ...IDENTITY, source: "https://orders.example.com" },
    { ...IDENTITY, id: "0191f2c4-7b1e-7c3a-9d52-0f6f7a3f8e12" },
  ];

  expect(new Set([IDENTITY, ...others].map(idempotencyKey)).size).toBe(5);
});
