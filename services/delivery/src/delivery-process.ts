/** A process that delivers: the targets of a configuration, or some of them, and its admin server. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  controlTopic,
  deliveriesTopic,
  groupId,
  journalSubject,
  ownTopics,
  stateTopic,
  type MillraceConfig,
  type RegistryConfig,
  type TargetConfig,
} from "@millrace/config";
import { ControlBoard } from "@millrace/control";
import { viewTarget, type TargetView } from "@millrace/diagnosis";
import {
  asTopic,
  MillraceError,
  type DriverOwner,
  type RecordSink,
  systemClock,
  systemEntropy,
} from "@millrace/engine";
import {
  createControlLog,
  createRecordSink,
  createStateLog,
  createTopicAdmin,
} from "@millrace/kafka";
import { createRegistry, type RegistryOptions } from "@millrace/schemas";
import type { AppTelemetry } from "@millrace/telemetry";
import { AsideRetention } from "./aside-retention.ts";
import { ControlFollower } from "./control-follower.ts";
import { findJournalSchema } from "./journal-schema.ts";
import { retainedTarget, type RetainedPorts } from "./retained-target.ts";
import { TargetKeeper } from "./target-keeper.ts";
import { createTargetRunner, type SharedPorts } from "./target-runner.ts";

/** Pause before the brokers are asked again, ms. */
const BROKER_RETRY_MS = 1_000;

/** How long one question for the journal's schema may take, ms: a process that ends waits for its answer. */
const JOURNAL_SCHEMA_TIMEOUT_MS = 2_000;

/** How long the journal's sink may take to close, ms. */
const JOURNAL_CLOSE_MS = 500;

/** What is run. */
export interface DeliveryOptions {
  readonly config: MillraceConfig;
  readonly targets: readonly TargetConfig[];
  readonly telemetry: AppTelemetry;
  /** Called once, with the first error that ends a target for good; the process should end. */
  readonly onFailed: (error: Error) => void;
}

/** Delivers until it is stopped. */
export class DeliveryProcess {
  readonly #options: DeliveryOptions;
  readonly #processId = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  #stateLog: SharedPorts["stateLog"] | null = null;
  #journalSink: RecordSink | null = null;
  #board: ControlBoard | null = null;
  #follower: ControlFollower | null = null;
  #retention: AsideRetention | null = null;
  #keepers: readonly TargetKeeper[] = [];
  readonly #ending = new AbortController();
  #isStopping = false;
  #isStarted = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * Checks the topics, reads what is wanted of the targets and joins their groups; waits while brokers are away.
   * @param apiUrl where its state is served, for whoever describes the groups.
   * @throws MillraceError `TOPIC_MISSING`, and whatever ends a target's start for good.
   */
  async start(apiUrl: string | null): Promise<void> {
    const clusterId = await this.#untilBrokersAnswer(() => this.#checkTopics());
    if (clusterId === null || this.#isOver()) return;
    const board = this.#openBoard();
    await this.#untilBrokersAnswer(() => board.read());
    if (this.#isOver()) return;
    const { config, targets } = this.#options;
    const shared = this.#shared(clusterId, apiUrl);
    this.#stateLog = shared.stateLog;
    this.#journalSink = shared.journalSink;
    this.#keepers = targets.map((target) => this.#keeperOf(target, shared));
    this.#follow(board);
    this.#retain({ ...shared, board });
    await Promise.all(this.#keepers.map((keeper) => keeper.start()));
    // A start that a stop has cut short resolves too.
    if (this.#isOver()) return;
    this.#isStarted = true;
    this.#options.telemetry.log("info", "delivering", {
      targets: targets.map(({ name }) => name),
      namespace: config.namespace,
      process: this.#processId,
    });
  }

  /** Why the process is not ready: targets that do not own their share yet, or partitions that stand still. */
  notReady(): readonly string[] {
    if (this.#isStopping) return ["stopping"];
    if (!this.#isStarted) return ["joining the groups"];
    return this.#keepers.flatMap(({ name, runner, keptOut }) => {
      if (keptOut !== null) return [`${name}: ${keptOut}`];
      if (runner === null) return [`${name}: not a member of its group`];
      const { driver } = runner;
      const halts = driver.halts.map(
        ({ topic, partition, reason }) => `${name}: ${topic}/${partition} stopped (${reason})`,
      );
      const isMember = driver.state.membership !== "none";
      return isMember ? halts : [`${name}: not a member of its group`, ...halts];
    });
  }

  /** What the targets are doing now; none of those that have not started, or that a rewind keeps out of their groups. */
  targets(): readonly TargetView[] {
    const { namespace } = this.#options.config;
    const moment = { now: systemClock.now(), wallNow: systemClock.wallNow() };
    return this.#keepers.flatMap(({ name, runner }) => {
      if (runner === null) return [];
      const { state, halts, replays } = runner.driver;
      const of = { name, group: groupId(namespace, name), process: this.#processId };
      return [viewTarget({ ...of, state, halts, replays }, moment)];
    });
  }

  /** Ends what is open within `budgetMs`, commits, leaves the groups. Idempotent. */
  async stop(budgetMs: number): Promise<void> {
    this.#isStopping = true;
    this.#follower?.stop();
    const swept = this.#retention?.stop();
    this.#ending.abort();
    await Promise.all(this.#keepers.map((keeper) => keeper.stop(budgetMs)));
    await this.#board?.close().catch(() => undefined);
    await this.#stateLog?.close().catch(() => undefined);
    // What it still asked for has nobody left to answer.
    await swept;
    if (this.#journalSink !== null) await closeSoon(this.#journalSink);
  }

  /** Asked through a function because it changes while others await. */
  #isOver(): boolean {
    return this.#isStopping;
  }

  #openBoard(): ControlBoard {
    const { config, telemetry } = this.#options;
    const topic = asTopic(controlTopic(config.namespace));
    const log = createControlLog({ connection: config.kafka, topic, telemetry });
    return (this.#board = new ControlBoard(log, randomUUID));
  }

  /** From here on the targets are as people and guards want them: nothing has been sent yet. */
  #follow(board: ControlBoard): void {
    const { telemetry } = this.#options;
    const ports = { board, clock: systemClock, telemetry, processId: this.#processId };
    this.#follower = new ControlFollower(this.#keepers, ports);
    this.#follower.start();
  }

  #keeperOf(target: TargetConfig, shared: SharedPorts): TargetKeeper {
    const { name } = target;
    return new TargetKeeper(name, {
      createRunner: (owner) => createTargetRunner(target, shared, owner),
      owner: this.#ownerOf(name),
      onCreated: () => this.#follower?.bringUp(name),
      telemetry: shared.telemetry,
    });
  }

  #retain(ports: RetainedPorts): void {
    const { targets, telemetry } = this.#options;
    const retained = this.#keepers.flatMap((keeper) => {
      const config = targets.find(({ name }) => name === keeper.name);
      return config === undefined ? [] : [retainedTarget(config, keeper, ports)];
    });
    this.#retention = new AsideRetention(retained, { clock: systemClock, telemetry });
  }

  #ownerOf(name: string): DriverOwner {
    return {
      failed: (error) => this.#options.onFailed(error),
      paused: (by, reason) => {
        if (by === "guard") this.#follower?.guardPaused(name, reason);
      },
      throttled: (notice) => this.#follower?.throttled(name, notice),
      redriven: (request, end) => this.#follower?.redriven(name, request, end),
      discarded: (request, end) => this.#follower?.discarded(name, request, end),
    };
  }

  #shared(clusterId: string, apiUrl: string | null): SharedPorts {
    const { config, telemetry } = this.#options;
    const { namespace, kafka: connection, catalog, registry } = config;
    const topic = asTopic(stateTopic(namespace));
    return {
      namespace,
      connection,
      clusterId,
      catalog,
      secrets: config.secrets,
      registry: createRegistry(registry.url, registryAuth(registry)),
      stateLog: createStateLog({ connection, topic, telemetry }),
      journalSink: createRecordSink({ connection, telemetry }),
      journalSchemaId: this.#journalSchemaId(),
      telemetry,
      clock: systemClock,
      entropy: systemEntropy(),
      processId: this.#processId,
      apiUrl,
    };
  }

  #journalSchemaId(): Promise<number> {
    const { config, telemetry } = this.#options;
    const { namespace, registry: options } = config;
    const timeoutMs = JOURNAL_SCHEMA_TIMEOUT_MS;
    const registry = createRegistry(options.url, { ...registryAuth(options), timeoutMs });
    const remedy = this.#initCommand();
    const lookup = { registry, subject: journalSubject(namespace), remedy };
    return findJournalSchema({ ...lookup, clock: systemClock, telemetry }, this.#ending.signal);
  }

  #initCommand(): string {
    const [file = "millrace.yaml"] = this.#options.config.files;
    return `millrace init -c ${file}`;
  }

  /** Resolves to the answer, or to null when the process is stopped before. */
  async #untilBrokersAnswer<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
    const { config, telemetry } = this.#options;
    let hasComplained = false;
    while (!this.#isStopping) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof MillraceError) || !error.retryable) throw error;
        if (!hasComplained) {
          const { message } = error;
          const { brokers } = config.kafka;
          telemetry.log("warn", "waiting for the brokers", { brokers, error: message });
        }
        hasComplained = true;
        await new Promise<void>((resolve) => {
          systemClock.schedule(BROKER_RETRY_MS, resolve);
        });
      }
    }
    return null;
  }

  async #checkTopics(): Promise<string> {
    const { config, targets, telemetry } = this.#options;
    const { namespace } = config;
    const own = [stateTopic(namespace), controlTopic(namespace), deliveriesTopic(namespace)];
    const needed = new Set(own.map(asTopic));
    for (const { name, topics } of targets) {
      for (const topic of topics) needed.add(asTopic(topic));
      const { dead, parked } = ownTopics(namespace, name);
      needed.add(asTopic(dead)).add(asTopic(parked));
    }
    const admin = createTopicAdmin({ connection: config.kafka, telemetry });
    try {
      const present = await admin.describeTopics([...needed]);
      const missing = [...needed].filter((topic) => !present.has(topic));
      if (missing.length === 0) return (await admin.describeCluster()).clusterId;
      throw new MillraceError(
        "TOPIC_MISSING",
        `topics do not exist: ${missing.join(", ")}; run: ${this.#initCommand()}`,
      );
    } finally {
      await admin.close();
    }
  }
}

function registryAuth({ auth }: RegistryConfig): RegistryOptions {
  return auth.type === "basic" ? { auth } : {};
}

/** The journal's last pages have had their time: brokers that are away must not keep a process from ending. */
function closeSoon(sink: RecordSink): Promise<void> {
  return new Promise((resolve) => {
    const cancel = systemClock.schedule(JOURNAL_CLOSE_MS, resolve);
    const closed = (): void => {
      cancel();
      resolve();
    };
    sink.close().then(closed, closed);
  });
}
