import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./distribution.ts";
import { findJava } from "./java.ts";

const LOGGING = fileURLToPath(new URL("../log4j2.xml", import.meta.url));

/**
 * How to run one of Kafka's own tools from the fetched jars, silent but for its output: an independent reader.
 * @param mainClass e.g. `org.apache.kafka.tools.consumer.ConsoleConsumer` or `org.apache.kafka.tools.GetOffsetShell`.
 */
export function kafkaTool(
  mainClass: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  const { command } = findJava(17, "Kafka's tools");
  const jars = join(cacheFolder(), "kafka-4.4.0", "*");
  const jvm = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars];
  const quiet = [`-Dlog4j2.configurationFile=${LOGGING}`, "-Dmillrace.log.level=off"];
  return { command, args: [...jvm, ...quiet, mainClass, ...args] };
}
