import type { ControlLog, StateLog, Telemetry, Topic } from "@millrace/engine";
import { CompactedLog } from "./compacted-log.ts";
import type { KafkaConnection } from "./connection.ts";

/** A view of the state topic, empty until the first `readTo`; it connects when it is first used. */
export function createStateLog(options: {
  readonly connection: KafkaConnection;
  readonly topic: Topic;
  readonly telemetry: Telemetry;
}): StateLog & Pick<ControlLog, "readToEnd"> {
  return new CompactedLog(options);
}
