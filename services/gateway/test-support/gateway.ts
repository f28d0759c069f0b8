import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { createEmitter, type Emitter, type EmitterLimits } from "@millrace/emitter";
import {
  createMemoryRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  type Catalog,
  type EventContracts,
  type Registry,
} from "@millrace/schemas";
import type { Access } from "../src/access.ts";
import type { BrokerState } from "../src/broker-monitor.ts";
import { Readiness } from "../src/readiness.ts";
import { createServer, SERVER_LIMITS, type ServerLimits } from "../src/server.ts";
import { MemorySink } from "./memory-sink.ts";
import { RecordingTelemetry } from "./recording-telemetry.ts";

export const catalog: Catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
const registry: Registry = createMemoryRegistry();
for (const { subject, avro } of catalog.types.values()) await registry.register(subject, avro);

/** How a gateway under test differs from a ready one that needs no keys. */
export interface GatewayOptions {
  readonly access?: Access;
  readonly brokers?: BrokerState;
  /** Why there is no emitter. */
  readonly noEmitter?: string;
  readonly limits?: Partial<ServerLimits>;
  readonly emitter?: Partial<EmitterLimits>;
}

/** A gateway over brokers in memory. */
export interface TestGateway {
  readonly app: FastifyInstance;
  readonly sink: MemorySink;
  readonly telemetry: RecordingTelemetry;
  readonly readiness: Readiness;
  /** How often brokers were suspected. */
  readonly suspicions: () => number;
  /** `POST /v1/events`; an object is sent as JSON. */
  readonly post: (
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<LightMyRequestResponse>;
}

export async function setupGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const sink = new MemorySink();
  const telemetry = new RecordingTelemetry();
  const emitter: Emitter<EventContracts> = await createEmitter<EventContracts>({
    ...options.emitter,
    sink,
    registry,
    catalog,
    telemetry,
    idCache: { kind: "off" },
    onFull: "reject",
  });
  let suspicions = 0;
  const readiness = new Readiness(
    {
      emitter: options.noEmitter === undefined ? emitter : null,
      reason: options.noEmitter ?? null,
    },
    {
      state: options.brokers ?? "up",
      reason: options.brokers === "down" ? "the brokers do not answer" : null,
      ask: () => Promise.resolve(void (suspicions += 1)),
    },
  );
  const access = options.access ?? { kind: "loopback" };
  const limits = { ...SERVER_LIMITS, ...options.limits };
  const app = createServer({ access, readiness, catalog, telemetry }, limits);
  return {
    app,
    sink,
    telemetry,
    readiness,
    suspicions: () => suspicions,
    post: async (body, headers = {}) =>
      app.inject({
        method: "POST",
        url: "/v1/events",
        headers: { host: "localhost", "content-type": "application/json", ...headers },
        payload: typeof body === "string" || body instanceof Buffer ? body : JSON.stringify(body),
      }),
  };
}

/** An event that fits its schema. */
export function userEvent(of: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: "e1",
    source: "/tests",
    type: "users.PasswordChanged",
    data: { userId: "u1", changedAt: 0 },
    ...of,
  };
}

/** The parts of a problem that tests look at. */
export interface ProblemJson {
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly { readonly pointer?: string; readonly header?: string }[];
  readonly ids?: readonly string[];
}

/** Where the problems of an answer are. */
export function placesOf(response: LightMyRequestResponse): readonly string[] {
  const { errors = [] } = response.json<ProblemJson>();
  return errors.map(({ pointer, header }) => pointer ?? header ?? "");
}

/** The kind of problem of an answer. */
export function kindOf(response: LightMyRequestResponse): string {
  return response.json<ProblemJson>().type.replace("urn:millrace:problem:", "");
}
