import { fileURLToPath } from "node:url";
import { fetchKafka } from "./distribution.ts";
import { findJava } from "./java.ts";
import { KAFKA_JAVA_MIN } from "./kafka-server.ts";

const LOGGING = fileURLToPath(new URL("../log4j2.xml", import.meta.url));

/** A command to run. */
export interface KafkaTool {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * How to run one of Kafka's own tools from the fetched jars, silent but for its output: an independent reader.
 * @param mainClass e.g. `org.apache.kafka.tools.consumer.ConsoleConsumer` or `org.apache.kafka.tools.GetOffsetShell`.
 * @throws StackError when there is no Java, or the jars are missing and cannot be fetched.
 */
export async function kafkaTool(mainClass: string, args: readonly string[]): Promise<KafkaTool> {
  const { command } = findJava({ neededBy: "Kafka's tools", majorMin: KAFKA_JAVA_MIN });
  const jars = await fetchKafka({ onProgress: () => undefined });
  const jvm = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
  const quiet = [`-Dlog4j2.configurationFile=${LOGGING}`, "-Dmillrace.log.level=off"];
  return { command, args: [...jvm, "-cp", `${jars}/*`, ...quiet, mainClass, ...args] };
}
