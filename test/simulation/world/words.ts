import type { Operation, OperationLine } from "../../checker/history.ts";
import type { FaultClass } from "./plan/fault-classes.ts";
import type { Machine } from "./processes/machine.ts";

/** What an operation's line says besides what was done, and to whom. */
export type OperationDetails = Partial<
  Pick<OperationLine, "detail" | "partition" | "target" | "topic">
>;

/** How the parts of a world tell what they do. */
export interface Words {
  /** For the history. */
  readonly note: (f: Operation, who: string, more?: OperationDetails) => void;
  /** A fault has struck everyone, or all who serve a target. */
  readonly strike: (fault: FaultClass, target?: string) => void;
  /** A fault has struck a process, or what it does for one target. */
  readonly struck: (fault: FaultClass, machine: Machine, target?: string | null) => void;
}
