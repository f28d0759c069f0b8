import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseUrlTemplate, type UrlTemplate } from "./url-template.ts";

function template(text: string): UrlTemplate {
  const parsed = parseUrlTemplate(text);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed.template;
}

const values = (entries: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries));

describe("a URL template", () => {
  test.each([
    ["https://a.example/v1/{id}", { id: "u-1" }, "https://a.example/v1/u-1"],
    ["https://a.example/v1/{id}", { id: "a/b?c#d" }, "https://a.example/v1/a%2Fb%3Fc%23d"],
    ["https://a.example/v1/{id}", { id: "../x" }, "https://a.example/v1/..%2Fx"],
    ["https://a.example/v1/{id}", { id: "é %2F" }, "https://a.example/v1/%C3%A9%20%252F"],
    ["https://a.example/v1/{id}", { id: "!'()*~" }, "https://a.example/v1/%21%27%28%29%2A~"],
    ["https://a.example/v1/u-{id}.json", { id: "" }, "https://a.example/v1/u-.json"],
    ["https://a.example/q?x={id}&y=1", { id: "a&z=2" }, "https://a.example/q?x=a%26z%3D2&y=1"],
    ["https://a.example/q?x={id}", { id: "" }, "https://a.example/q?x="],
    ["https://a.example/{a}/{b}/{a}", { a: "1", b: "2" }, "https://a.example/1/2/1"],
    ["https://A.example", {}, "https://a.example/"],
    ["http://127.0.0.1:8080/x", {}, "http://127.0.0.1:8080/x"],
    ["http://[::1]:8080/x", {}, "http://[::1]:8080/x"],
  ])("%s with %j is %s", (text, filled, url) => {
    expect(template(text).fill(values(filled))).toBe(url);
  });

  test.each([
    ["https://a.example/v1/users/{id}/x", "https://a.example/v1/users/"],
    ["https://a.example/v1/u-{id}", "https://a.example/v1/u-"],
    ["https://a.example/v1", "https://a.example/v1"],
    ["https://a.example/v1?x={id}", "https://a.example/v1"],
    ["https://a.example", "https://a.example/"],
  ])("%s begins with %s, whatever fills it", (text, prefix) => {
    expect(template(text).prefix).toBe(prefix);
  });

  test.each([
    ["/v1/users", "absolute"],
    ["ftp://a.example/", "absolute"],
    ["https://{host}/v1", "path and query only"],
    ["https://a.{host}:80/v1", "path and query only"],
    ["https://user:pass@a.example/", "belong in auth"],
    ["https://a.example/#top", "fragment"],
    ["https://a.example/{user-id}", "a placeholder is {name}"],
    ["https://a.example/{}", "a placeholder is {name}"],
    ["https://a.example/{id", "a placeholder is {name}"],
    ["https://a.example/a/../b", "normal form"],
    ["https://a.example/./b", "normal form"],
    ["https://a.example/%2e%2e/b", "normal form"],
    ["https://a.example/a b", "normal form"],
    ["https://a.example/é", "normal form"],
    ["https://a.example\\b", "normal form"],
    ["https://a.example/a//b", "empty path segment"],
    ["https://a.example/100%", "percent-encoding"],
    ["https://a.example/%{id}", "percent-encoding"],
    ["https://a.example/%4{id}", "percent-encoding"],
    ["https://", "no valid URL"],
    ["https://a b/", "no valid URL"],
    ["https://a.example:99999/", "no valid URL"],
  ])("%s is refused", (text, why) => {
    expect(parseUrlTemplate(text)).toHaveProperty("problem", expect.stringContaining(why));
  });

  test.each(["", ".", ".."])("refuses %j as a whole path segment", (id) => {
    expect(() => template("https://a.example/v1/{id}/x").fill(values({ id }))).toThrow(
      "a path segment of the URL is empty, . or ..",
    );
  });

  test("refuses dots that two placeholders make together", () => {
    const filled = values({ a: ".", b: "." });

    expect(() => template("https://a.example/{a}{b}").fill(filled)).toThrow("a path segment");
    expect(() => template("https://a.example/.{a}").fill(filled)).toThrow("a path segment");
  });

  test("refuses what is no Unicode, and what is too long", () => {
    const filled = template("https://a.example/{id}");

    expect(() => filled.fill(values({ id: "\ud800" }))).toThrow("no valid Unicode");
    expect(() => filled.fill(values({ id: "x".repeat(8_200) }))).toThrow("longer than 8192");
  });

  test("is never left by what fills it", () => {
    const texts = [
      "https://a.example/v1/{id}",
      "https://a.example/v1/{id}{other}/tail?q={id}&r={other}",
      "https://a.example/x-{id}-y?{other}",
    ].map(template);
    const nasty = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("..", ".", "%2e%2e", "//evil/", "\\..\\", "@evil", "?", "#", "\r\n", "%00"),
    );

    fc.assert(
      fc.property(fc.constantFrom(...texts), nasty, nasty, (target, id, other) => {
        let url: string;
        try {
          url = target.fill(values({ id, other }));
        } catch {
          return;
        }
        const parsed = new URL(url);
        expect(parsed.href).toBe(url);
        expect(url.startsWith(target.prefix)).toBe(true);
        expect(parsed.origin).toBe("https://a.example");
        expect(parsed.hash).toBe("");
      }),
    );
  });
});
