import type { LogFields, LogLevel, Telemetry } from "@millrace/engine";

const nothing = (): void => undefined;

/** A log line as it was reported. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps log lines for a test to look at; measures nothing. */
export class RecordingTelemetry implements Telemetry {
  readonly lines: LogLine[] = [];
  readonly counter = (): { add(): void } => ({ add: nothing });
  readonly histogram = (): { record(): void } => ({ record: nothing });
  readonly gauge = (): (() => void) => nothing;
  readonly startSpan = (): ReturnType<Telemetry["startSpan"]> => ({
    context: null,
    set: nothing,
    end: nothing,
  });

  /** @inheritdoc */
  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }

  /** Messages of these levels, in order. */
  messages(...levels: readonly LogLevel[]): readonly string[] {
    return this.lines.filter(({ level }) => levels.includes(level)).map(({ message }) => message);
  }
}
