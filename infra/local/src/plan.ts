import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Distribution } from "./distribution.ts";
import type { ServerState } from "./home.ts";
import { answersApiVersions, prepareBroker } from "./kafka-server.ts";
import { choosePort, freePort } from "./port.ts";
import { listsSubjects, prepareRegistry } from "./registry-server.ts";
import { Server } from "./server.ts";

const KAFKA = { name: "Kafka", folder: "kafka", usualPort: 9_092 } as const;
const REGISTRY = { name: "the schema registry", folder: "registry", usualPort: 8_081 } as const;

/** The two servers of a stack, not started yet, or found running. */
export interface Servers {
  readonly kafka: Server;
  readonly registry: Server;
}

/** What servers are started with. */
export interface PlanOptions {
  readonly home: string;
  readonly javas: { readonly kafka: string; readonly registry: string };
  readonly distribution: Distribution;
  /** `usual`: 9092 and 8081 where they are free; `free`: any. */
  readonly ports: "usual" | "free";
  readonly demanded: DemandedPorts;
}

/** Ports that must be had. */
export interface DemandedPorts {
  readonly kafka: number | undefined;
  readonly registry: number | undefined;
}

/** A server that the state file names. */
export interface LastServer {
  readonly state: ServerState;
  readonly isServing: boolean;
}

/** A broker that runs already. */
export function foundKafka(state: ServerState): Server {
  const answers = (): Promise<boolean> => answersApiVersions(state.port);
  return new Server({ ...KAFKA, ...state, known: state, answers, prepare: refuse });
}

/** A registry that runs already. */
export function foundRegistry(state: ServerState): Server {
  const answers = (): Promise<boolean> => listsSubjects(state.port);
  return new Server({ ...REGISTRY, ...state, known: state, answers, prepare: refuse });
}

/** A broker to start; it takes the port it had last, where that is free. @throws StackError `PORT_TAKEN`. */
export async function planKafka(options: PlanOptions, last: LastServer | null): Promise<Server> {
  const files = await makeFiles(options.home, KAFKA.folder);
  const port = await choosePort(KAFKA.name, {
    demanded: options.demanded.kafka,
    usual: last?.state.port ?? (options.ports === "usual" ? KAFKA.usualPort : null),
  });
  const { javas, distribution } = options;
  const plan = { ...files, java: javas.kafka, jars: distribution.kafka, port };
  return new Server({
    ...KAFKA,
    ...files,
    port,
    known: null,
    answers: () => answersApiVersions(port),
    prepare: async () => prepareBroker({ ...plan, controllerPort: await freePort() }),
  });
}

/** A registry to start; it takes the port it had last, where that is free. @throws StackError `PORT_TAKEN`. */
export async function planRegistry(options: PlanOptions, last: LastServer | null): Promise<Server> {
  const files = await makeFiles(options.home, REGISTRY.folder);
  const port = await choosePort(REGISTRY.name, {
    demanded: options.demanded.registry,
    usual: last?.state.port ?? (options.ports === "usual" ? REGISTRY.usualPort : null),
  });
  const { javas, distribution } = options;
  const plan = { ...files, java: javas.registry, folder: distribution.registry, port };
  return new Server({
    ...REGISTRY,
    ...files,
    port,
    known: null,
    answers: () => listsSubjects(port),
    prepare: async () => prepareRegistry({ ...plan, managementPort: await freePort() }),
  });
}

/** Makes the folders of one server. */
export async function makeFiles(
  home: string,
  folder: string,
): Promise<{ readonly dataDir: string; readonly log: string }> {
  await mkdir(join(home, "logs"), { recursive: true });
  return { dataDir: join(home, "data", folder), log: join(home, "logs", `${folder}.log`) };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error("a server that was found running is not started again"));
}
