import { pino, type DestinationStream } from "pino";
import type { LogFields, LogLevel, Telemetry } from "@millrace/engine";

/** Writes log lines. */
export type Log = Telemetry["log"];

/** How log lines are written. */
export interface LogOptions {
  /** Stands in each line as `service`. */
  readonly serviceName: string;
  /** Lines below it are left out. */
  readonly level: LogLevel;
  readonly destination: DestinationStream;
}

/** A file descriptor to write lines to, synchronously: a line that was logged survives the death of the process. */
export function logTo(descriptor: "stdout" | "stderr"): DestinationStream {
  return pino.destination({ dest: descriptor === "stdout" ? 1 : 2, sync: true });
}

/** JSON lines: `{"level","time","service",...fields,"msg"}`. Errors among the fields become their name, code and message. */
export function createLog({ serviceName, level, destination }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: { service: serviceName },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return (lineLevel, message, fields = {}) => {
    if (!logger.isLevelEnabled(lineLevel)) return;
    try {
      logger[lineLevel](printable(fields), message);
    } catch {
      // A field that cannot be printed costs the fields, never the caller.
      logger[lineLevel](message);
    }
  };
}

function printable(fields: LogFields): Record<string, unknown> {
  const entries = Object.entries(fields);
  return Object.fromEntries(entries.map(([name, value]) => [name, printableValue(value)]));
}

/** No stack and no own fields of an error: those of HTTP clients hold headers and configuration. */
function printableValue(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const code = "code" in value && typeof value.code === "string" ? { code: value.code } : {};
  return { name: value.name, ...code, message: value.message };
}
