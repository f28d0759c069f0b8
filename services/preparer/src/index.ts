export { TargetBodies } from "./bodies/target-bodies.ts";
export type { TargetBodiesOptions } from "./bodies/target-bodies.ts";
export { TargetEventPreparer } from "./event-preparer.ts";
export { idempotencyKey } from "./idempotency-key.ts";
export type { DeliveryIdentity } from "./idempotency-key.ts";
export { createTargetDecoder } from "./target-decoder.ts";
export type { TargetContracts } from "./target-decoder.ts";
