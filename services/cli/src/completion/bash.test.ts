/** The script for bash, sourced by a real bash and asking the real program. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_CATALOG_PATH } from "@millrace/schemas";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const [BIN, SCRIPT] = ["../../bin/millrace.js", "../../completion/millrace.bash"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Lines, and what bash offers after each. */
const LINES: readonly (readonly [line: string, offered: string])[] = [
  ["millrace dlq re", "redrive"],
  ["millrace dlq list --target ", "crm audit"],
  ["millrace dlq list --target=c", "crm"],
  ["millrace up --output=", "table json ndjson yaml"],
  [`millrace dlq list --filter 'event.id == "a b"' --target a`, "audit"],
  ["millrace --config ", "(files)"],
];

/**
 * Says what bash offers after a line, by the words and the position that it would give the function: it splits at `=` and `:`, and
 * keeps quotes.
 */
const DRIVER = `
source "$SCRIPT"
millrace() { "$NODE" "$BIN" "$@"; }
compopt() { [[ $* == "-o default" ]] && isFiles=1; }
offer() {
  COMP_LINE=$1 COMP_POINT=\${#1}
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  isFiles=
  _millrace || true
  if [[ -n $isFiles ]]; then COMPREPLY=("(files)"); fi
  printf '%s\\n' "\${COMPREPLY[*]}"
}
`;

/** Words as readline splits them. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/'[^']*'|[=:]|[^\s=:]+/gu) ?? [];
  return /\s$/u.test(line) ? [...words, ""] : words;
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

describe("bash", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-completion-"));
  let offered: readonly string[] = [];

  beforeAll(() => {
    writeFileSync(join(folder, "millrace.yaml"), configuration());
    const calls = LINES.map(([line]) => ["offer", ...[line, ...wordsOf(line)].map(quoted)]);
    const driver = [DRIVER, ...calls.map((call) => call.join(" "))].join("\n");
    const env = { PATH: process.env["PATH"], HOME: folder, NODE: process.execPath, BIN, SCRIPT };
    const output = execFileSync("bash", ["--noprofile", "--norc", "-uc", driver], {
      ...{ cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
    });
    offered = output.split("\n");
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(LINES.map(([line, words], index) => [line, words, index] as const))(
    "offers after '%s': %s",
    (_, words, index) => {
      expect(offered[index]).toBe(words);
    },
  );
});

function configuration(): string {
  const target = {
    ...{ topics: ["users"], startAt: "latest" },
    request: { method: "GET", url: "http://127.0.0.1:9/" },
  };
  return JSON.stringify({
    ...{ apiVersion: "millrace/v1", catalog: DEFAULT_CATALOG_PATH },
    targets: { crm: target, audit: target },
  });
}
