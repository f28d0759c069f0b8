/** One target, wired: its own source, sink, connections and driver, so that no target waits for another. */
import {
  deliveriesTopic,
  groupId,
  ownTopics,
  type SecretMask,
  type TargetConfig,
} from "@millrace/config";
import {
  asTarget,
  asTopic,
  DEFAULTS,
  TargetDriver,
  type Clock,
  type ControlLog,
  type DriverOptions,
  type DriverOwner,
  type DriverPorts,
  type EngineConfig,
  type Entropy,
  type RecordSink,
  type StateLog,
  type Telemetry,
} from "@millrace/engine";
import { createAttemptSender, type HttpTargetOptions } from "@millrace/http";
import {
  createParkedLog,
  createRecordSink,
  createRecordSource,
  createReplayLog,
  type KafkaConnection,
} from "@millrace/kafka";
import { memberNote } from "@millrace/control";
import { createTargetDecoder, TargetBodies, TargetEventPreparer } from "@millrace/preparer";
import { isKeyPersonal, type Catalog, type Decoder, type Registry } from "@millrace/schemas";

/** What all targets of a process share. */
export interface SharedPorts {
  readonly namespace: string;
  readonly connection: KafkaConnection;
  readonly clusterId: string;
  readonly catalog: Catalog;
  readonly registry: Registry;
  /** Takes the secrets of the configuration out of what is shown. */
  readonly secrets: SecretMask;
  readonly stateLog: StateLog & Pick<ControlLog, "readToEnd">;
  /** For the journal of all targets, and nothing else. */
  readonly journalSink: RecordSink;
  /** See `DriverPorts`. */
  readonly journalSchemaId: Promise<number>;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Names this process in claims and logs. */
  readonly processId: string;
  /** Where its state is served; null: nowhere. */
  readonly apiUrl: string | null;
}

/** What of a target's driver others steer and look at. */
export type RunningDriver = Pick<
  TargetDriver,
  | "discard"
  | "forget"
  | "halts"
  | "pause"
  | "redrive"
  | "replay"
  | "replays"
  | "resetBreaker"
  | "resume"
  | "state"
  | "steerReplay"
  | "throttle"
>;

/** A target that runs. */
export interface TargetRunner {
  readonly driver: RunningDriver;
  /** Joins the group; resolves when the first assignment is taken over. */
  start(): Promise<void>;
  /** Ends what is open within `budgetMs`, commits, leaves the group, disconnects. Idempotent. */
  stop(budgetMs: number): Promise<void>;
}

/** Wires a target; nothing connects before `start`. */
export function createTargetRunner(
  target: TargetConfig,
  shared: SharedPorts,
  owner: DriverOwner,
): TargetRunner {
  const { connection, stateLog, journalSink, journalSchemaId } = shared;
  const { telemetry, clock, entropy } = shared;
  const sink = createRecordSink({ connection, telemetry });
  const sender = createAttemptSender(httpOptions(target, shared));
  const source = createRecordSource({
    connection,
    groupId: groupId(shared.namespace, target.name),
    topics: target.topics.map(asTopic),
    telemetry,
    memberNote: memberNote({ process: shared.processId, api: shared.apiUrl }),
  });
  const decoder = createTargetDecoder(target, shared);
  const preparer = new TargetEventPreparer(target, decoder);
  const parkedLog = createParkedLog({ connection, telemetry });
  const replayLog = createReplayLog({ connection, telemetry });
  const own = { source, sink, parkedLog, replayLog, sender, preparer };
  const journal = { journalSink, journalSchemaId };
  const ports = {
    ...{ ...own, ...journal, ...journalBodies(target, decoder, shared) },
    ...{ stateLog, clock, entropy, telemetry },
  };
  const driver = new TargetDriver(driverOptions(target, shared), ports, owner);
  return {
    driver,
    start: () => driver.start(),
    async stop(budgetMs) {
      await driver.stop(budgetMs);
      await Promise.all([sender.close(), closeSink(sink), parkedLog.close(), replayLog.close()]);
    },
  };
}

/** A broker that is away must not keep a process from ending. */
async function closeSink(sink: RecordSink): Promise<void> {
  await sink.close().catch(() => undefined);
}

/** Nothing where the target does not ask for it. */
function journalBodies(
  { journal: { bodies, bodyBytesMax }, mapping }: TargetConfig,
  decoder: Decoder,
  { catalog, secrets }: SharedPorts,
): Pick<DriverPorts, "journalBodies"> {
  if (bodies === "none") return {};
  const shown = new TargetBodies({
    ...{ decoder, mapping, attempts: bodies, bytesMax: bodyBytesMax },
    isKeyPersonal: (topic) => isKeyPersonal(catalog, topic),
    maskText: (text) => secrets.maskText(text),
  });
  return { journalBodies: shown };
}

function driverOptions(target: TargetConfig, { namespace, processId }: SharedPorts): DriverOptions {
  const own = ownTopics(namespace, target.name);
  return {
    target: asTarget(target.name),
    groupId: groupId(namespace, target.name),
    engine: engineConfig(target),
    startAt: target.startAt,
    deadTopic: asTopic(own.dead),
    parkedTopic: asTopic(own.parked),
    journalTopic: asTopic(deliveriesTopic(namespace)),
    mappingRevision: target.mappingRevision,
    processId,
  };
}

function engineConfig(target: TargetConfig): EngineConfig {
  const { order, onDeadLetter, concurrencyMax, ratePerSecond, retry, breaker } = target;
  const rate = ratePerSecond;
  return { ...DEFAULTS, order, onDeadLetter, concurrencyMax, rate, retry, breaker };
}

function httpOptions(target: TargetConfig, { telemetry, clock }: SharedPorts): HttpTargetOptions {
  const { name, urlPrefix, network, concurrencyMax, auth, idempotency } = target;
  const { onConflict, answers, journal } = target;
  const given = Object.entries(target.tls).filter(([, value]) => value !== null);
  return {
    target: name,
    origin: urlPrefix,
    network,
    connections: concurrencyMax,
    tls: Object.fromEntries(given),
    auth,
    idempotency,
    onConflict,
    answers,
    requestIdHeaders: journal.requestIdHeaders,
    answerBodies: journal.bodies === "none" ? "discarded" : "kept",
    telemetry,
    clock,
  };
}
