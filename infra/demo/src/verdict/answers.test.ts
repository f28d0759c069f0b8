import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ANSWER_FILES, readAnswers } from "./answers.ts";

const STUCK = { kind: "key-quarantined", keys: ["a"], keyCount: 1 };

/** A folder with the answers of a run in which nothing waits; others may be laid over them. */
function folderWith(overrides: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-answers-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = Object.entries(ANSWER_FILES).map(
    ([name, file]) => [file, name === "waiting" ? '{"items":[]}' : '{"causes":[]}'] as const,
  );
  for (const [file, text] of [...files, ...Object.entries(overrides)])
    writeFileSync(join(folder, file), text);
  return folder;
}

it("reads what each command answered", () => {
  const folder = folderWith({ [ANSWER_FILES.stuck]: JSON.stringify({ causes: [STUCK] }) });

  expect(readAnswers(folder)).toEqual({
    stuck: [STUCK],
    away: [],
    mended: [],
    neighbour: [],
    waiting: [],
  });
});

it("names an answer that is missing, and one that is none", () => {
  const folder = folderWith();
  rmSync(join(folder, ANSWER_FILES.away));

  expect(() => readAnswers(folder)).toThrow(/why-away\.json/u);
  expect(() => readAnswers(folderWith({ [ANSWER_FILES.mended]: "{}" }))).toThrow(
    /why-mended\.json: it has no causes/u,
  );
  expect(() => readAnswers(folderWith({ [ANSWER_FILES.waiting]: "" }))).toThrow(
    /quarantine-in-the-end\.json/u,
  );
});
