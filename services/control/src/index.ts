export type { Audit, AuditAction, AuditValue } from "./audit.ts";
export { ControlBoard } from "./control-board.ts";
export type { PauseOrder } from "./control-board.ts";
export type { ControlChange } from "./control-change.ts";
export { pauseText } from "./pause.ts";
export type { Pause, PauseValue } from "./pause.ts";
export type { RedriveValue, WantedRedrive } from "./redrive.ts";
export type { DeadLetterEvent, Resolution, ResolutionKind, ResolutionValue } from "./resolution.ts";
export type { Wish } from "./wish.ts";
