import { join } from "node:path";
import { resolveEndpoints, startGuard, startStack, type Guard } from "@millrace/local";
import { startDemoApiProcess } from "../api/api-process.ts";
import type { DemoApi } from "../api/demo-api.ts";
import type { Scene } from "../scene/scene.ts";
import { writeRun } from "../verdict/run-records.ts";
import type { RunDescription } from "../verdict/verdict.ts";
import { KILLS_PLANNED } from "./chaos.ts";
import { runCommand } from "./command.ts";
import { startDelivery } from "./delivery.ts";
import type { Display } from "./display.ts";
import { planEmission } from "./emission-plan.ts";
import { forgetRuns } from "./forgotten-runs.ts";
import { makeRunFolder, type RunFolder } from "./run-folder.ts";
import { writeSceneFiles } from "./scene-files.ts";
import { startTrouble } from "./trouble.ts";
import { Watch, type Reports } from "./watch.ts";

/** Without any arrival for so long, a run is over, whatever is missing. */
const IDLE_MS_MAX = 45_000;

/** What is run. */
export interface DemoOptions {
  readonly scene: Scene;
  /** Null: the scene's own number. */
  readonly eventCount: number | null;
  readonly seed: number;
  readonly display: Display;
  readonly signal: AbortSignal;
}

interface Setting extends DemoOptions {
  readonly servers: Servers;
  readonly guard: Guard;
  readonly place: RunFolder;
  readonly folder: string;
  readonly topic: string;
  readonly apis: readonly DemoApi[];
  readonly configPath: string;
  /** Ends the run: a process that should run does not. */
  readonly onDeath: (failure: Error) => void;
}

/** A run that is over, ready to be judged. */
export interface FinishedRun {
  readonly folder: string;
  readonly topic: string;
}

/**
 * Runs a scene on the local stack, through real processes, and calls `afterwards` while the stack still runs.
 * @throws Error when something could not be started or did not get on.
 */
export async function runScene<Result>(
  options: DemoOptions,
  afterwards: (run: FinishedRun) => Promise<Result>,
): Promise<Result> {
  await using cleanup = new AsyncDisposableStack();
  const { display, scene, seed } = options;
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  const servers = await findServers(options);
  cleanup.defer(() => servers.stop());
  const guard = startGuard();
  cleanup.defer(() => guard.end());
  const place = makeRunFolder(new Date());
  display.say(`scene ${scene.name}, records in ${place.folder}`);
  const forgetting = forgetRuns(place.forgotten, servers);
  cleanup.defer(() => forgetting);
  const apis: DemoApi[] = [];
  for (const [index, { name, keyIn, script }] of scene.targets.entries()) {
    const logPath = join(place.folder, `${name}.ndjson`);
    const api = await startDemoApiProcess({ name, logPath, keyIn, script, seed: seed + index });
    cleanup.defer(() => api.stop());
    apis.push(api);
  }
  const topic = `${place.run}.${scene.topic}`;
  const configPath = writeSceneFiles(place.folder, scene, {
    namespace: place.run,
    topic,
    brokers: servers.brokers.join(","),
    registry: servers.registryUrl,
    urls: Object.fromEntries(apis.map(({ name, url }) => [name, url])),
  });
  const { folder } = place;
  const onDeath = (failure: Error): void => broken.abort(failure);
  const parts = { servers, guard, place, folder, topic, apis, configPath, onDeath };
  const setting: Setting = { ...options, signal, ...parts };
  signal.throwIfAborted();
  await runCommand(setting, ["init", "-c", configPath]);
  await play(setting);
  for (const api of apis) await api.stop();
  return await afterwards({ folder: place.folder, topic });
}

interface Servers {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** Stops what was started for this run. */
  readonly stop: () => Promise<void>;
}

/** The servers that the environment names, else the local stack. */
async function findServers({ display, signal }: DemoOptions): Promise<Servers> {
  const named = resolveEndpoints();
  if (named.from === "environment") return { ...named, stop: () => Promise.resolve() };
  const stack = await startStack({ signal, onProgress: (message) => display.say(message) });
  return { ...stack.state, stop: () => stack.stop() };
}

/** Emits, delivers and makes trouble until everything arrived or nothing moves any more. */
async function play(setting: Setting): Promise<void> {
  const { place, display, apis, signal } = setting;
  await using cleanup = new AsyncDisposableStack();
  const delivery = await startDelivery(setting);
  cleanup.defer(() => delivery.stop());
  const { brokers, registryUrl: registry } = setting.servers;
  const plan = { ...setting, run: place.run, brokers: brokers.join(","), registry };
  const emission = await planEmission(plan);
  cleanup.defer(() => emission.stop());
  const onReports = (reports: Reports): void => display.show(reports, emission.due);
  const watch = new Watch(apis, { signal, onReports });
  const { expected } = emission;
  const trouble = startTrouble({ ...setting, delivery, emission, watch });
  const [kills] = await Promise.all([trouble.kills, emission.emit(trouble.begun)]);
  writeRun(place.folder, describeRun(setting, emission.eventCount, kills));
  const isDone = await watch.until((reports) => arrived(reports, expected), IDLE_MS_MAX);
  display.end();
  display.say(isDone ? "everything arrived" : "nothing arrives any more");
}

function arrived(reports: Reports, expected: ReadonlyMap<string, number>): boolean {
  return [...expected].every(([target, count]) => {
    const report = reports.get(target);
    return report !== undefined && report.effects >= count && report.open === 0;
  });
}

function describeRun(
  { place, scene, seed, topic, servers }: Setting,
  eventCount: number,
  kills: readonly number[],
): RunDescription {
  const targets = scene.targets.map(
    ({ name, faults }) => [name, { log: `${name}.ndjson`, faults }] as const,
  );
  return {
    run: place.run,
    scene: scene.name,
    seed,
    eventCount,
    topics: [topic],
    brokers: servers.brokers,
    targets: Object.fromEntries(targets),
    killsPlanned: scene.onCall === null ? KILLS_PLANNED : 0,
    kills,
    onCall: scene.onCall,
  };
}
