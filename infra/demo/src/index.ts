export { startDemoApi, type DemoApi, type DemoApiOptions } from "./api/demo-api.ts";
export { startDemoApiProcess } from "./api/api-process.ts";
export type { ApiScript, Fault, Latency, ResetMoment } from "./api/api-script.ts";
export type { ArrivalLogLine } from "./api/arrival-log.ts";
export type { KeyLocation } from "./api/key-of-call.ts";
export type { DemoApiReport } from "./api/target-server.ts";
export type { LedgerReport } from "./api/effect-ledger.ts";
