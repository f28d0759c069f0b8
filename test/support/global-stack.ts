import { startStack } from "@millrace/local";

/**
 * One real Kafka and registry for a project's tests: the servers that the environment names, else an own stack with
 * its data in a temporary folder. When it cannot start, the tests fail: they are never left out.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const named = process.env["KAFKA_BROKERS"] !== undefined;
  if (named && process.env["SCHEMA_REGISTRY_URL"] !== undefined) return () => Promise.resolve();
  const stack = await startStack({ ephemeral: true });
  process.env["KAFKA_BROKERS"] = stack.state.brokers.join(",");
  process.env["SCHEMA_REGISTRY_URL"] = stack.state.registryUrl;
  return async () => {
    delete process.env["KAFKA_BROKERS"];
    delete process.env["SCHEMA_REGISTRY_URL"];
    await stack.stop();
  };
}
