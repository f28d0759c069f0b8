import { NO_TELEMETRY, type ControlLog, type Telemetry, type Topic } from "@millrace/engine";
import { CompactedLog } from "./compacted-log.ts";
import type { KafkaConnection } from "./connection.ts";

/** A view of the control topic, empty until the first reading; it connects when it is first used. */
export function createControlLog(options: {
  readonly connection: KafkaConnection;
  readonly topic: Topic;
  readonly telemetry?: Telemetry;
}): ControlLog {
  return new CompactedLog({ telemetry: NO_TELEMETRY, ...options });
}
