export type * from "./ports/attempt-sender.ts";
export type * from "./ports/clock.ts";
export type * from "./ports/event-preparer.ts";
export type * from "./ports/parked-log.ts";
export type * from "./ports/record-sink.ts";
export type * from "./ports/record-source.ts";
export type * from "./ports/state-log.ts";
export type * from "./ports/telemetry.ts";
