import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findJava } from "./java.ts";
import type { ServerCommand } from "./server-process.ts";

const JAVA_MIN = 21;
const JVM = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** What the registry is started with. */
export interface RegistryPlan {
  /** Folder with `quarkus-run.jar`. */
  readonly folder: string;
  readonly dataDir: string;
  readonly log: string;
  readonly port: number;
  readonly managementPort: number;
  readonly isDetached: boolean;
}

/** Path of the Confluent-compatible API, under which every client works. */
export const CCOMPAT = "/apis/ccompat/v7";

/** The command that starts Apicurio Registry with its schemas in an H2 file. */
export async function prepareRegistry(plan: RegistryPlan): Promise<ServerCommand> {
  const java = findJava(JAVA_MIN, "Apicurio Registry");
  await mkdir(plan.dataDir, { recursive: true });
  return {
    name: "the schema registry",
    command: java.command,
    args: [...JVM, "-jar", join(plan.folder, "quarkus-run.jar")],
    env: {
      APICURIO_STORAGE_KIND: "sql",
      APICURIO_STORAGE_SQL_KIND: "h2",
      APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(plan.dataDir, "registry")}`,
      QUARKUS_HTTP_HOST: "127.0.0.1",
      QUARKUS_HTTP_PORT: String(plan.port),
      QUARKUS_MANAGEMENT_HOST: "127.0.0.1",
      QUARKUS_MANAGEMENT_PORT: String(plan.managementPort),
    },
    cwd: plan.dataDir,
    log: plan.log,
    isDetached: plan.isDetached,
  };
}

/** Whether the registry lists its subjects. */
export async function listsSubjects(port: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${port}${CCOMPAT}/subjects`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
