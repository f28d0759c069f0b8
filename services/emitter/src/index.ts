export { createEmitter } from "./create-emitter.ts";
export { problemsOf } from "./emit-error.ts";
export type { EmitAttributes, EmitEvent, Emitter, EventType, Receipt } from "./emitter.ts";
export {
  EMITTER_LIMITS,
  type EmitterDestination,
  type EmitterLimits,
  type EmitterOptions,
  type IdCache,
  type WhenFull,
} from "./options.ts";
