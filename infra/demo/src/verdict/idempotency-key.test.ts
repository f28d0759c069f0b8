import { expect, it } from "vitest";
import { expectedIdempotencyKey } from "./idempotency-key.ts";

it("is base64url of the first 24 bytes of SHA-256, computed here with another tool", () => {
  // printf '["v1","default","crm","urn:test","e1"]' | openssl sha256 -binary | head -c 24 | basenc --base64url
  const parts = { tenant: "default", target: "crm", source: "urn:test", id: "e1" };

  expect(expectedIdempotencyKey(parts)).toBe("u3qxX7mQvTvV0M_QuuyyKVgK3DxvmH_G");
});
