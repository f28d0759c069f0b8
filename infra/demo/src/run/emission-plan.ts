import { join } from "node:path";
import { freePort } from "@millrace/local";
import type { NewEvent, Scene, SceneTarget } from "../scene/scene.ts";
import { RUN_FILES } from "../verdict/run-records.ts";
import { startCommand, type CommandPlace } from "./command.ts";
import { emitEvents } from "./emission.ts";
import { countLines, recordFileEmission } from "./file-emission.ts";

/** Few events are sent slowly: there must be some on their way whenever the chaos strikes. */
const EMISSION_SECONDS_MIN = 5;

/** What will be emitted, and how. */
export interface EmissionPlan {
  readonly eventCount: number;
  /** Those of them that wait for nothing. */
  readonly freeCount: number;
  /** Events that must reach each target in the end. */
  readonly expected: ReadonlyMap<string, number>;
  /** Events that must reach each target of those emitted so far. */
  readonly due: ReadonlyMap<string, number>;
  /** Emits all; holds the last ones back until `trouble` resolves. */
  emit(trouble: Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** What a plan is made from. */
export interface PlanOptions extends CommandPlace {
  readonly scene: Scene;
  readonly eventCount: number | null;
  readonly seed: number;
  readonly run: string;
  readonly configPath: string;
  readonly brokers: string;
  readonly registry: string;
  /** Told when the gateway ends without having been told to. */
  readonly onDeath: (failure: Error) => void;
}

/** Plans a scene's emission: through the gateway when its events are generated, else with `millrace emit --file`. */
export function planEmission(options: PlanOptions): Promise<EmissionPlan> {
  const { events } = options.scene;
  return events.kind === "file" ? planFile(events.path, options) : planGenerated(events, options);
}

async function planFile(path: string, options: PlanOptions): Promise<EmissionPlan> {
  const { scene, folder, configPath } = options;
  const eventCount = await countLines(path);
  const all = new Map(scene.targets.map(({ name }) => [name, eventCount]));
  const args = ["emit", "--file", path, "-c", configPath, "-o", "ndjson"];
  return {
    eventCount,
    freeCount: eventCount,
    expected: all,
    due: all,
    async emit() {
      const command = startCommand(options, [...args, "--source", "urn:millrace:demo:tower"]);
      if ((await command.ended()) !== 0) throw new Error(`emit failed, see ${command.logPath}`);
      await recordFileEmission(scene, command.outputPath, join(folder, RUN_FILES.acknowledged));
    },
    stop: () => Promise.resolve(),
  };
}

async function planGenerated(
  { countDefault, rate, heldShare, generate }: Extract<Scene["events"], { kind: "generated" }>,
  options: PlanOptions,
): Promise<EmissionPlan> {
  const { scene, eventCount, seed, signal, run, folder, brokers, registry } = options;
  const events = generate({ run, count: eventCount ?? countDefault, seed });
  const port = await freePort();
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const catalog = ["--catalog", join(folder, "catalog.yaml")];
  const gateway = startCommand(
    options,
    ["gateway", "--host", "127.0.0.1", "--port", String(port), ...catalog],
    { env: { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } },
  );
  void gateway.died().then(options.onDeath);
  await gateway.ready(`${gatewayUrl}/readyz`);
  const due = new Map(scene.targets.map(({ name }) => [name, 0]));
  const freeCount = Math.floor(events.length * (1 - heldShare));
  let sent = 0;
  return {
    eventCount: events.length,
    freeCount,
    expected: countExpected(scene.targets, events),
    due,
    emit: (trouble) =>
      emitEvents(events, {
        gatewayUrl,
        recordPath: join(folder, RUN_FILES.acknowledged),
        rate: Math.min(rate, events.length / EMISSION_SECONDS_MIN),
        signal,
        gate: async (index) => {
          if (index >= freeCount) await trouble;
        },
        onAcknowledged(count) {
          const more = countExpected(scene.targets, events.slice(sent, sent + count));
          for (const [target, added] of more) due.set(target, (due.get(target) ?? 0) + added);
          sent += count;
        },
      }),
    stop: () => gateway.stop(),
  };
}

function countExpected(
  targets: readonly SceneTarget[],
  events: readonly NewEvent[],
): Map<string, number> {
  return new Map(
    targets.map((target) => [
      target.name,
      events.reduce((sum, event) => sum + (target.expect(event) === null ? 0 : 1), 0),
    ]),
  );
}
