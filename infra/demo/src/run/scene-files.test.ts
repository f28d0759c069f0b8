import { expect, it } from "vitest";
import { fillIn } from "./scene-files.ts";

it("puts values in place of placeholders and leaves URL parameters alone", () => {
  const filled = fillIn('url: "{{profile-api}}/v1/{userId}" # {{topic}}', {
    "profile-api": "http://127.0.0.1:1",
    topic: "demo.users",
  });

  expect(filled).toBe('url: "http://127.0.0.1:1/v1/{userId}" # demo.users');
});

it("names a placeholder that has no value", () => {
  expect(() => fillIn("{{to-string}}", {})).toThrow(/\{\{to-string\}\}/u);
});
