import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ServerCommand } from "./server-process.ts";

const JVM = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
const ANSWER_MS_MAX = 2_000;

/** What the registry is started with. */
export interface RegistryPlan {
  /** Path of a Java of at least `REGISTRY_JAVA_MIN`. */
  readonly java: string;
  /** Folder with `quarkus-run.jar`. */
  readonly folder: string;
  readonly dataDir: string;
  readonly log: string;
  readonly port: number;
  readonly managementPort: number;
}

/** The oldest Java that Apicurio Registry 3 runs on. */
export const REGISTRY_JAVA_MIN = 21;

/** Path of the Confluent-compatible API, under which every client works. */
export const CCOMPAT = "/apis/ccompat/v7";

/** The command that starts Apicurio Registry with its schemas in an H2 file. It writes nowhere but in its folder. */
export async function prepareRegistry(plan: RegistryPlan): Promise<ServerCommand> {
  const { java, folder, dataDir, log } = plan;
  const temporary = join(dataDir, "tmp");
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const options = [`-Djava.io.tmpdir=${temporary}`, `-Duser.home=${dataDir}`];
  return {
    name: "the schema registry",
    command: java,
    args: [...JVM, ...options, "-jar", join(folder, "quarkus-run.jar")],
    env: {
      HOME: dataDir,
      APICURIO_STORAGE_KIND: "sql",
      APICURIO_STORAGE_SQL_KIND: "h2",
      // H2 would keep half a second of commits in memory, and a kill would take them.
      APICURIO_DATASOURCE_URL: "jdbc:h2:file:./registry;WRITE_DELAY=0",
      QUARKUS_HTTP_HOST: "127.0.0.1",
      QUARKUS_HTTP_PORT: String(plan.port),
      QUARKUS_MANAGEMENT_HOST: "127.0.0.1",
      QUARKUS_MANAGEMENT_PORT: String(plan.managementPort),
      QUARKUS_OTEL_SDK_DISABLED: "true",
    },
    cwd: dataDir,
    log,
  };
}

/** Whether the registry lists its subjects. */
export async function listsSubjects(port: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${port}${CCOMPAT}/subjects`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
