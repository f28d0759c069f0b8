/** A process that takes events in: its servers, its emitter, and what it knows of the brokers. */
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { asTopic, systemClock } from "@millrace/engine";
import { createEmitter } from "@millrace/emitter";
import { createTopicAdmin, type TopicAdmin } from "@millrace/kafka";
import type { EventContracts } from "@millrace/schemas";
import type { AppTelemetry } from "@millrace/telemetry";
import type { Access } from "./access.ts";
import { createAdminServer } from "./admin-server.ts";
import type { GatewayArguments } from "./arguments.ts";
import { BrokerMonitor } from "./broker-monitor.ts";
import type { Contracts } from "./contracts.ts";
import { EmitterStarter } from "./emitter-starter.ts";
import { Readiness } from "./readiness.ts";
import { createServer } from "./server.ts";

/** What is run. */
export interface GatewayOptions {
  readonly args: GatewayArguments;
  readonly contracts: Contracts;
  readonly access: Access;
  readonly telemetry: AppTelemetry;
}

/** Bytes of events that are not acknowledged yet at most. */
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;
const BUFFER_EVENTS_MAX = 50_000;

/** Takes events in until it is stopped. */
export class GatewayProcess {
  readonly #options: GatewayOptions;
  readonly #brokers: TopicAdmin;
  readonly #starter: EmitterStarter;
  readonly #monitor: BrokerMonitor;
  readonly #readiness: Readiness;
  readonly #server: FastifyInstance;
  readonly #admin: FastifyInstance;

  constructor(options: GatewayOptions) {
    const { contracts, access, telemetry } = options;
    const { connection, catalog } = contracts;
    this.#options = options;
    this.#brokers = createTopicAdmin({ connection, telemetry });
    this.#starter = new EmitterStarter({
      make: () => this.#makeEmitter(),
      clock: systemClock,
      telemetry,
    });
    const needed = [...catalog.topics.keys()];
    const topics = needed.map((topic) => asTopic(topic));
    this.#monitor = new BrokerMonitor({
      listTopics: async () => [...(await this.#brokers.describeTopics(topics)).keys()],
      needed,
      clock: systemClock,
      telemetry,
    });
    this.#readiness = new Readiness(this.#starter, this.#monitor);
    this.#server = createServer({ access, readiness: this.#readiness, catalog, telemetry });
    this.#admin = createAdminServer({
      notReady: () => this.#readiness.reasons(),
      metrics: () => telemetry.renderMetrics(),
    });
  }

  /**
   * Listens; brokers and registry are looked for meanwhile.
   * @throws Error naming the option to change when an address cannot be listened on.
   */
  async start(): Promise<void> {
    const { args, telemetry } = this.#options;
    const { host, port } = args;
    const bound = await listen(this.#server, { host, port, option: "--port" });
    if (args.admin !== null) {
      const admin = await listen(this.#admin, { ...args.admin, option: "--admin-port" });
      telemetry.log("info", "admin server listens", { ...args.admin, port: admin });
    }
    telemetry.log("info", "listening", { host, port: bound, keys: args.apiKeysPath !== null });
    void this.#starter.start();
    void this.#monitor.ask();
  }

  /** Takes no more, answers what is open within `budgetMs`, flushes, disconnects. Clients that are later are cut off. */
  async stop(budgetMs: number): Promise<void> {
    this.#readiness.stop();
    const cancel = systemClock.schedule(budgetMs, () => this.#server.server.closeAllConnections());
    await this.#server.close();
    cancel();
    await this.#starter.stop();
    this.#monitor.stop();
    await this.#brokers.close();
    await this.#admin.close();
  }

  #makeEmitter(): ReturnType<typeof createEmitter<EventContracts>> {
    const { args, contracts, telemetry } = this.#options;
    return createEmitter<EventContracts>({
      ...contracts,
      telemetry,
      timeoutMs: args.ackTimeoutMs,
      bufferBytesMax: BUFFER_BYTES_MAX,
      bufferEventsMax: BUFFER_EVENTS_MAX,
      // There is someone to tell.
      onFull: "reject",
    });
  }
}

async function listen(
  app: FastifyInstance,
  at: { readonly host: string; readonly port: number; readonly option: string },
): Promise<number> {
  const { host, port, option } = at;
  try {
    await app.listen({ host, port });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `cannot listen on ${host}:${port} (${reason}); choose another ${option}, 0 takes a free one`;
    throw new Error(message, { cause: error });
  }
  const bound: AddressInfo | string | null = app.server.address();
  return typeof bound === "object" && bound !== null ? bound.port : port;
}
