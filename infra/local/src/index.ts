export {
  startCluster,
  type BrokerAddress,
  type Cluster,
  type ClusterBroker,
  type ClusterOptions,
} from "./cluster.ts";
export { cacheFolder } from "./distribution.ts";
export { resolveEndpoints, type Endpoints } from "./endpoints.ts";
export { findHome, readState, type ServerState, type StackState } from "./home.ts";
export { findJava, type Java } from "./java.ts";
export { startGuard, type Guard } from "./guard-process.ts";
export type { BrokerSettings } from "./kafka-server.ts";
export { kafkaTool, type KafkaTool } from "./kafka-tool.ts";
export { freePort } from "./port.ts";
export { StackError, type StackErrorCode } from "./stack-error.ts";
export { startStack, stackStatus, stopStack } from "./stack.ts";
export type { StackOptions, StackStatus } from "./stack.ts";
export type { Stack } from "./running-stack.ts";
export { serverProperties } from "./kafka-server.ts";
