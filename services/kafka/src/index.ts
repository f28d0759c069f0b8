export { plainConnection } from "./connection.ts";
export type { KafkaConnection } from "./connection.ts";
export { createRecordSource } from "./record-source.ts";
export type { RecordSourceOptions } from "./record-source.ts";
export { createRecordSink } from "./record-sink.ts";
export { createStateLog } from "./state-log.ts";
