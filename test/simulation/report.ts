/** What the command says, in words and tables. */
import { INVARIANT_IDS } from "../checker/verdict.ts";
import type { Shrunk } from "./shrink/shrink.ts";
import type { FailedSeed, Tally } from "./tally.ts";
import type { SeedRun } from "./seed-run.ts";

const DAY_MS = 86_400_000;

/** The figures of a run over many seeds. */
export function figuresOf(tally: Tally, elapsedMs: number): string {
  const seconds = elapsedMs / 1_000;
  const rows: readonly (readonly [string, string])[] = [
    ["seeds", String(tally.seedCount)],
    ["seeds a second", (tally.seedCount / seconds).toFixed(1)],
    ["simulated events", String(tally.eventCount)],
    ["simulated deliveries", String(tally.arrivalCount)],
    ["simulated days", (tally.simulatedMs / DAY_MS).toFixed(1)],
    ["failed seeds", String(tally.failed.length)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(22)}${value.padStart(14)}\n`).join("");
}

/** How often each promise was judged. */
export function judgedOf({ judged }: Tally): string {
  const of = INVARIANT_IDS.map((id, index) => [id, judged[index] ?? 0] as const);
  const held = of.filter(([, count]) => count > 0).map(([id, count]) => `${id} ${count}`);
  const never = of.filter(([, count]) => count === 0).map(([id]) => id);
  const lines = [`judged: ${held.join(", ")}`];
  if (never.length > 0) lines.push(`not judged here: ${never.join(", ")}`);
  return `${lines.join("\n")}\n`;
}

/** The failed seeds, by what they broke. */
export function failuresOf(failed: readonly FailedSeed[]): string {
  const seedsByCause = new Map<string, { readonly seeds: number[]; readonly example: string }>();
  for (const { seed, broken, messages, failures } of failed) {
    const causes = broken.length > 0 ? broken : ["a driver gave up"];
    for (const [index, cause] of causes.entries()) {
      const example = messages[index] ?? failures[0] ?? "";
      const known = seedsByCause.get(cause);
      if (known === undefined) seedsByCause.set(cause, { seeds: [seed], example });
      else known.seeds.push(seed);
    }
  }
  const lines = [...seedsByCause].map(([cause, { seeds, example }]) => {
    const shown = [...seeds].sort((a, b) => a - b).slice(0, 10);
    return `${cause}: ${seeds.length} seeds, ${shown.join(" ")}\n  ${example}\n`;
  });
  return lines.join("");
}

/** A failing seed made small: what is left of its plan, what it broke, and how to run it again. */
export function shrunkOf({ plan, run, runCount }: Shrunk): string {
  const { seed, classes, slotCount, targets, topics, events, operations } = plan;
  const partitionCount = topics.reduce((sum, topic) => sum + topic.partitionCount, 0);
  const suppressed = run.faults.join(", ");
  const lines = [
    "",
    `seed ${seed}, shrunk in ${runCount} runs to ${events.length} events, ${partitionCount} partitions, ${targets.length} targets, ${slotCount} processes`,
    `faults needed: ${[...classes].join(", ") || "none"}`,
    ...(suppressed === "" ? [] : [`struck: ${suppressed}`]),
    ...operations
      .filter(({ kind }) => kind !== "start")
      .map(
        ({ at, kind, ...rest }) => `  ${at.toFixed(0).padStart(8)} ${kind} ${JSON.stringify(rest)}`,
      ),
    ...run.result.failures.map((failure) => `a driver gave up: ${failure}`),
    ...breachesOf(run),
    "",
    `again: ${commandOf(seed)}`,
    "",
  ];
  return lines.join("\n");
}

/** How to run a seed again. */
export function commandOf(seed: number): string {
  return `npm run sim -- --seed ${seed} --trace`;
}

function breachesOf({ broken, verdict }: SeedRun): readonly string[] {
  return broken.flatMap((id) => {
    const ruling = verdict.rulings[id];
    if (ruling.status !== "broken") return [];
    return ruling.violations.slice(0, 3).flatMap(({ message, where, lines }) => {
      const place =
        where === null
          ? ""
          : `${where.target ?? "log"} ${where.topic}/${where.partition}/${where.offset} `;
      return ["", `${id}: ${place}${message}`, ...lines.map((line) => `  ${line}`)];
    });
  });
}
