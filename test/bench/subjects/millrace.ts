/** Ours: the shipped command, as a published package runs it, with what a run has to leave behind. */
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Kafka, logLevel } from "kafkajs";
import { freePort } from "@millrace/local";
import { readGroupCommits } from "../../support/group-coverage.ts";
import { metricSum } from "../../support/metric-sum.ts";
import { SUBJECT_CORES } from "../measure/cores.ts";
import { childrenOf } from "../measure/process-meter.ts";
import { startProgram } from "./program.ts";
import type { RunningSubject, Subject, Work } from "./subject.ts";

/** What the launcher of a published package starts: `millrace`, as a program of Node. */
export const COMMAND: string = fileURLToPath(
  new URL("../../../services/cli/dist/main.js", import.meta.url),
);

/** Between two scrapes, ms. */
const SCRAPE_MS = 1_000;
const QUIET_MS_MAX = 10_000;
const LOOK_MS = 20;

/** How ours is started. */
interface Members {
  /** `--processes`. */
  readonly processCount: number;
  /** Where they run. */
  readonly cores: string;
  /** Options of Node; default: none. */
  readonly nodeArgs?: readonly string[];
}

/** Every promise on, defaults as published. */
export const MILLRACE: Subject = millraceOf({ processCount: 1, cores: SUBJECT_CORES });

/** The same, by several processes. */
export function millraceOf(members: Members): Subject {
  const { processCount } = members;
  return {
    name: processCount === 1 ? "millrace" : `millrace --processes ${processCount}`,
    settings: ({ inFlight }) => `concurrency.max ${inFlight}`,
    keepsOrder: true,
    isOurs: true,
    otherSettings: [],
    start: (work) => start(work, members),
  };
}

async function start(
  work: Work,
  { processCount, cores, nodeArgs = [] }: Members,
): Promise<RunningSubject> {
  const port = await freePort();
  const adminUrls = Array.from({ length: processCount }, (_, index) => {
    return `http://127.0.0.1:${port + index}`;
  });
  const command = [process.execPath, ...nodeArgs, COMMAND, "deliver", "-c", work.configPath];
  const options = ["--target", work.targetName, "--admin-port", String(port)];
  const processes = processCount === 1 ? [] : ["--processes", String(processCount)];
  const program = startProgram([...command, ...options, ...processes], {
    ...{ folder: work.folder, name: work.targetName, cores },
  });
  let scrapeCount = 0;
  const scrape = async (): Promise<number> => {
    const lags = adminUrls.map((url) => metricSum(url, "millrace_consumer_lag"));
    const lag = (await Promise.all(lags)).reduce((sum, one) => sum + one, 0);
    scrapeCount += 1;
    return lag;
  };
  const scraping = setInterval(() => void scrape().catch(() => undefined), SCRAPE_MS);
  return {
    ...program,
    pids: () => [program.pid, ...childrenOf(program.pid)],
    async finish() {
      clearInterval(scraping);
      const isQuiet = await untilQuiet(scrape);
      const code = await program.end("SIGTERM");
      return [
        ...(isQuiet ? [] : ["its lag did not go away"]),
        ...(code === 0 ? [] : [`it ended with ${code}`]),
        ...(scrapeCount > 0 ? [] : ["its metrics were not scraped"]),
        ...(await uncommitted(work)),
      ];
    },
    async kill() {
      clearInterval(scraping);
      await program.kill();
    },
  };
}

async function untilQuiet(lag: () => Promise<number>): Promise<boolean> {
  const beganAt = Date.now();
  while (Date.now() - beganAt < QUIET_MS_MAX) {
    if ((await lag()) === 0) return true;
    await delay(LOOK_MS);
  }
  return false;
}

/** What the group has not committed, as kafkajs alone reads it. */
async function uncommitted({ brokers, topic, group }: Work): Promise<readonly string[]> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const commits = await readGroupCommits(brokers, group, topic);
    const committed = new Map(commits.map(({ partition, offset }) => [partition, offset]));
    return ends
      .filter(({ partition, high }) => high !== "0" && committed.get(partition) !== high)
      .map(({ partition, high }) => {
        return `partition ${partition} is committed to ${committed.get(partition)} of ${high}`;
      });
  } finally {
    await admin.disconnect();
  }
}
