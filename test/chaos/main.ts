/** `npm run chaos`: runs a profile with a seed, judges it, reports. */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments, type ChaosArguments } from "./arguments.ts";
import { runChaos } from "./chaos-run.ts";
import { judgeRun } from "./judging.ts";
import { PROFILES } from "./profile.ts";
import { EXIT_CODES } from "./report/report.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXIT_INCONCLUSIVE = 2;

process.exitCode = await main();

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  if ("text" in read) {
    (read.exitCode === 0 ? process.stdout : process.stderr).write(read.text);
    return read.exitCode;
  }
  const ending = new AbortController();
  const end = (signal: NodeJS.Signals): void => ending.abort(new Error(`ended by ${signal}`));
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    return await runAndJudge(read, ending.signal);
  } catch (error) {
    const reason = ending.signal.aborted ? (ending.signal.reason as unknown) : causeOf(error);
    process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
    return EXIT_INCONCLUSIVE;
  }
}

/** A wait that was broken off says only that; why stands behind it. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.name === "AbortError" ? (error.cause ?? error) : error;
}

async function runAndJudge(
  { profile: name, seed, folder: wished, faults, gapMs, holdMs }: ChaosArguments,
  signal: AbortSignal,
): Promise<number> {
  const folder = resolve(wished ?? join(ROOT, "runs", String(seed)));
  const profile = {
    ...PROFILES[name],
    ...(faults === null ? {} : { faults: { kind: "listed" as const, names: faults } }),
    ...(gapMs === null ? {} : { gapMs }),
    ...(holdMs === null ? {} : { holdMs }),
  };
  const { rate, keyCount, targets, brokerCount } = profile;
  process.stdout.write(
    `chaos ${name}, seed ${seed}: ${rate} events/s over ${keyCount} keys to ${targets.join(", ")}; ` +
      `${brokerCount} broker(s), Node ${process.versions.node}, Kafka 4.4.0, Apicurio Registry 3.3.2\n`,
  );
  const startedAt = performance.now();
  const onProgress = (message: string): void => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4);
    if (process.stderr.isTTY) process.stderr.write(`${seconds} s  ${message}\n`);
  };
  await runChaos({ profile, seed, folder, signal, onProgress });
  onProgress("judging");
  const { conclusion, text } = await judgeRun(folder);
  process.stdout.write(`${text}history: ${folder}\n`);
  return EXIT_CODES[conclusion.result];
}
