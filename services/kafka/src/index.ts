export { plainConnection } from "./connection.ts";
export type { KafkaConnection } from "./connection.ts";
export { createParkedLog } from "./parked-log.ts";
export { createReplayLog } from "./replay-log.ts";
export { createRecordSource } from "./record-source.ts";
export type { RecordSourceOptions } from "./record-source.ts";
export { createRecordSink } from "./record-sink.ts";
export { createStateLog } from "./state-log.ts";
export { createControlLog } from "./control-log.ts";
export { createTopicAdmin } from "./topic-admin.ts";
export type {
  ClusterDescription,
  GroupOffset,
  NewTopic,
  TopicAdmin,
  TopicDescription,
} from "./topic-admin.ts";
export type { GroupDescription } from "./admin-protocol.ts";
export { createLogReader } from "./log-reader.ts";
export type { LogReader, ReadRange } from "./log-reader.ts";
