import { describe, expect, it } from "vitest";
import { leavesOf, testProgram } from "../../test-support/test-program.ts";
import { completeWords, type Completion } from "./complete-words.ts";
import { optionsOf } from "./read-words.ts";

const NAMES = {
  targets: ["crm", "audit"],
  topics: ["users", "orders"],
  types: ["users.ProfileUpdated", "orders.OrderPlaced"],
};

/** What may follow a line whose last word is what is being written. */
function complete(...words: readonly string[]): Promise<Completion> {
  return completeWords({
    ...{ program: testProgram(), words },
    names: () => Promise.resolve(NAMES),
  });
}

async function wordsAfter(...words: readonly string[]): Promise<readonly string[]> {
  const completion = await complete(...words);
  return completion.kind === "files" ? ["(files)"] : completion.candidates.map(({ word }) => word);
}

describe("a command line is completed", () => {
  it("with commands, as the help shows them", async () => {
    expect(await wordsAfter("re")).toEqual(["render", "replay"]);
    expect(await wordsAfter("dlq", "")).toEqual([
      ...["list", "stats", "export", "show", "redrive", "drop", "help"],
    ]);
    expect(await wordsAfter("help", "dlq", "re")).toEqual(["redrive"]);
    expect(await complete("doc")).toMatchObject({
      candidates: [
        { word: "doctor", description: expect.stringContaining("check Node") as unknown },
      ],
    });
  });

  it("with options of the command and of the program, those that were given left out", async () => {
    const options = await wordsAfter("dlq", "list", "--target", "crm", "--key", "a", "-");

    expect(options).toEqual(
      expect.arrayContaining(["--filter", "--key", "--output", "--config", "--help"]),
    );
    expect(options).not.toContain("--target");
    expect(await wordsAfter("replay", "plan", "--topic", "users", "--to")).toContain("--topic");
    expect(await wordsAfter("targets", "list", "--ver")).toEqual(["--version", "--verbose"]);
    expect(await wordsAfter("dlq", "list", "")).toContain("--target");
  });

  it("with the choices of options and arguments", async () => {
    expect(await wordsAfter("dlq", "stats", "--group-by", "")).toEqual([
      ...["reason", "status", "type", "key"],
    ]);
    expect(await wordsAfter("-o", "")).toEqual(["table", "json", "ndjson", "yaml"]);
    expect(await wordsAfter("up", "--output=n")).toEqual(["--output=ndjson"]);
    expect(await wordsAfter("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  it("with names of targets, topics and event types", async () => {
    expect(await wordsAfter("targets", "pause", "")).toEqual(["crm", "audit"]);
    expect(await wordsAfter("dlq", "list", "--target", "c")).toEqual(["crm"]);
    expect(await wordsAfter("dlq", "list", "--target=")).toEqual([
      "--target=crm",
      "--target=audit",
    ]);
    expect(await wordsAfter("why", "a")).toEqual(["audit"]);
    expect(await wordsAfter("tail", "")).toEqual(["users", "orders"]);
    expect(await wordsAfter("replay", "plan", "--topic", "users", "--topic", "o")).toEqual([
      "orders",
    ]);
    expect(await wordsAfter("emit", "orders")).toEqual(["orders.OrderPlaced"]);
    expect(await wordsAfter("dlq", "list", "--type", "")).toEqual(NAMES.types);
  });

  it("with files where a file is meant, which the shell knows best", async () => {
    expect(await wordsAfter("--config", "")).toEqual(["(files)"]);
    expect(await wordsAfter("replay", "start", "pl")).toEqual(["(files)"]);
    expect(await wordsAfter("render", "crm", "--event=")).toEqual(["(files)"]);
    expect(await wordsAfter("schemas", "types", "--out", "")).toEqual(["(files)"]);
    expect(await wordsAfter("gateway", "--a")).toEqual(["(files)"]);
  });

  it("with nothing where only the user knows", async () => {
    expect(await wordsAfter("dlq", "redrive", "--reason", "")).toEqual([]);
    expect(await wordsAfter("dlq", "list", "--key", "--")).toEqual([]);
    expect(await wordsAfter("dlq", "list", "--", "-")).toEqual([]);
    expect(await wordsAfter("nonsense", "l")).toEqual([]);
  });

  it("with names of the configuration that the line chooses", async () => {
    const paths: (string | null)[] = [];
    const names = (path: string | null) => {
      paths.push(path);
      return Promise.resolve(NAMES);
    };
    for (const words of [
      ["tail", ""],
      ["-c", "a.yaml", "tail", ""],
      ["tail", "--config=b.yaml", ""],
    ])
      await completeWords({ program: testProgram(), words, names });

    expect(paths).toEqual([null, "a.yaml", "b.yaml"]);
  });

  it("without asking for names where none is needed", async () => {
    const names = () => Promise.reject(new Error("asked"));

    await expect(
      completeWords({ program: testProgram(), words: ["dlq", ""], names }),
    ).resolves.toMatchObject({ kind: "words" });
  });
});

describe("every command", () => {
  it("calls a target a target, so that its name is completed", () => {
    const named = leavesOf(testProgram()).flatMap(({ words, command }) =>
      optionsOf(command)
        .filter(({ long }) => long === "--target")
        .map(({ flags }) => [words.join(" "), flags]),
    );

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(([, flags]) => flags !== "--target <target>")).toEqual([]);
  });
});
