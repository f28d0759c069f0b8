export type { Audit, AuditAction, AuditValue } from "./audit.ts";
export { ControlBoard } from "./control-board.ts";
export type { ControlChange, PauseOrder } from "./control-board.ts";
export { pauseText } from "./pause.ts";
export type { Pause, PauseValue } from "./pause.ts";
export type { Wish } from "./wish.ts";
