import { findHome, readState } from "./home.ts";

/** Where brokers and registry are, and who said so. */
export interface Endpoints {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly from: "environment" | "stack" | "default";
}

/**
 * `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL`, else the local stack, else the usual ports. A stack whose broker crashed is
 * still the one that is meant, and takes its ports again: on the usual ones may be somebody else's.
 */
export function resolveEndpoints(env: NodeJS.ProcessEnv = process.env): Endpoints {
  const local = readState(findHome(process.cwd(), env));
  const named = listOf(env["KAFKA_BROKERS"]);
  const [registryUrl] = listOf(env["SCHEMA_REGISTRY_URL"]);
  return {
    brokers: named.length > 0 ? named : (local?.brokers ?? ["127.0.0.1:9092"]),
    registryUrl: registryUrl ?? local?.registryUrl ?? "http://127.0.0.1:8081/apis/ccompat/v7",
    from: named.length > 0 ? "environment" : local !== null ? "stack" : "default",
  };
}

/** What stands between commas; nothing of an empty variable. */
function listOf(text = ""): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
