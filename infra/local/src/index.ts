export { cacheFolder } from "./distribution.ts";
export { resolveEndpoints, type Endpoints } from "./endpoints.ts";
export { findHome, readState, type ServerState, type StackState } from "./home.ts";
export { findJava, type Java } from "./java.ts";
export { kafkaTool } from "./kafka-tool.ts";
export { freePort } from "./port.ts";
export { StackError, type StackErrorCode } from "./stack-error.ts";
export { startStack, stackStatus, stopStack } from "./stack.ts";
export type { Stack, StackOptions, StackStatus } from "./stack.ts";
