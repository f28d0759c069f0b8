import type { OperationLine } from "../../checker/history.ts";
import { openLineFile } from "./line-file.ts";
import { runNow } from "./run-clock.ts";

/** What was done to the run, written down as it is done. */
export interface OperationsLog {
  /** Writes a line with the time of now. */
  note(line: Omit<OperationLine, "h" | "at">): void;
  close(): void;
}

/** Opens the log. */
export function openOperationsLog(path: string): OperationsLog {
  const file = openLineFile(path);
  return {
    note(line) {
      const whole: OperationLine = { h: "ops", at: runNow(), ...line };
      file.append(whole);
    },
    close: () => file.close(),
  };
}
