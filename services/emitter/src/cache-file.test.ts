import { describe, expect, it } from "vitest";
import { defaultCacheFile } from "./cache-file.ts";

const pair = { registryUrl: "http://registry", catalogPath: "/catalog.yaml" };

describe("the file that schema ids are kept in", () => {
  it("lies in the user's cache folder, not where anyone may write", () => {
    expect(defaultCacheFile(pair, { XDG_CACHE_HOME: "/cache" })).toMatch(
      /^\/cache\/millrace\/schema-ids-[0-9a-f]{16}\.json$/u,
    );
    expect(defaultCacheFile(pair, { XDG_CACHE_HOME: "" })).toContain("/.cache/millrace/");
  });

  it("is another one for another registry or catalog", () => {
    const files = [
      pair,
      { ...pair, registryUrl: "http://other" },
      { ...pair, catalogPath: "/other.yaml" },
    ].map((one) => defaultCacheFile(one, {}));

    expect(new Set(files).size).toBe(3);
  });
});
