import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = ["--conditions=millrace-source", "infra/demo/src/main.ts"];
const home = mkdtempSync(join(tmpdir(), "millrace-demo-"));
const env = { ...process.env, MILLRACE_HOME: home };
afterAll(() => rmSync(home, { recursive: true }));

interface Verdict {
  readonly verdict: "ok" | "failed";
  readonly targets: Readonly<
    Record<string, { readonly emitted: number; readonly delivered: number }>
  >;
  readonly onCall: { readonly stuckKeys: number; readonly deliveredWhileAway: number };
  readonly problems: readonly { readonly check: string; readonly detail: string }[];
}

function recordedRun(): string {
  return join(home, "demo", readdirSync(join(home, "demo"))[0] ?? "none");
}

/** Lets the recorded run be judged again. */
function judgeAgain(): Verdict {
  const args = [...MAIN, "--run", recordedRun(), "--json"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the tests say what it must hold
  return JSON.parse(stdout) as Verdict;
}

/** 300 events are twenty of each of fifteen users; `user-000` is refused. */
describe("the demo's scene oncall", () => {
  let summary = "";
  let story = "";
  let code: number | null = null;
  beforeAll(async () => {
    const args = [...MAIN, "--scene", "oncall", "--events", "300"];
    const demo = spawn(process.execPath, args, {
      cwd: ROOT,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    demo.once("exit", (exitCode) => (code = exitCode));
    [summary, story] = await Promise.all([text(demo.stdout), text(demo.stderr)]);
    await until("it has ended", () => demo.exitCode !== null);
  }, 240_000);

  it("is mended, judged to be in order, and summed up", () => {
    expect([code, story.includes("everything arrived")]).toEqual([0, true]);
    expect(summary).toContain("on call: 1 stuck key; ");
    expect(summary).toContain("2 answers that refuse for good");
    expect(summary).toContain("verdict: ok");
  });

  it("shows each command before what it answers", () => {
    const steps = story
      .split("\n$ npx millrace ")
      .slice(1)
      .map((step) => {
        const [line = "", ...answer] = step.split("\n");
        return [line.replace(/ -c \S+\/millrace\.yaml/u, ""), answer.join("\n")] as const;
      });
    const kept = (file: string): unknown =>
      expect.stringMatching(new RegExp(`-o json > .*/${file}$`, "u"));
    const redrive = "dlq redrive --target crm-api --yes --reason";

    expect(steps.map(([line]) => line)).toEqual([
      ...["groups list", "why crm-api", kept("why-stuck.json")],
      "dlq stats --target crm-api --group-by status",
      ...["groups list", "why crm-api", kept("why-away.json")],
      ...["why audit-api", kept("why-neighbour.json")],
      "quarantine list --target crm-api",
      `${redrive} 'perhaps it is well again'`,
      `${redrive} 'validation mended' --canary 2 --rate 10`,
      ...["quarantine list --target crm-api", kept("quarantine-in-the-end.json")],
      ...["why crm-api", kept("why-mended.json")],
    ]);
    const answers = steps.map(([, answer]) => answer);
    expect(answers[1]).toMatch(/1 stuck key: user-000, .*\(HTTP_REJECTED\).* \d+ events parked/u);
    expect(answers[5]).toMatch(/^breaker open[^]*1 stuck key: user-000/u);
    expect(answers[7]).toContain("audit-api: nothing holds it up");
    expect(answers[9]).toMatch(/user-000 .* 19 /u);
    expect(answers[10]).toMatch(/canary-failed[^]*\(exit code 3\)/u);
    expect(answers[11]).toMatch(/crm-api +1 +1 +1 +0 +done/u);
    expect(answers[12]).toContain("no key of crm-api is set aside");
    expect(answers[14]).toContain("crm-api: nothing holds it up");
  });

  it("can be judged again, and fails where an answer was wrong", () => {
    const { verdict, targets, onCall, problems } = judgeAgain();

    expect([verdict, problems, onCall.stuckKeys]).toEqual(["ok", [], 1]);
    expect(onCall.deliveredWhileAway).toBeGreaterThan(100);
    expect(targets).toMatchObject({
      "crm-api": { emitted: 300, delivered: 300 },
      "audit-api": { emitted: 300, delivered: 300 },
    });
    writeFileSync(join(recordedRun(), "why-stuck.json"), '{"causes":[]}');
    expect(judgeAgain().problems.map(({ check }) => check)).toEqual(["answer"]);
  });
});
