/** The process behind `millrace gateway`: reads its arguments, takes events in, ends on SIGTERM or SIGINT. */
import { MillraceError } from "@millrace/engine";
import { SchemaError } from "@millrace/schemas";
import { createTelemetry, type AppTelemetry } from "@millrace/telemetry";
import type { Access } from "./access.ts";
import { addApiKey, readApiKeys } from "./api-key-file.ts";
import { ApiKeyRing } from "./api-key.ts";
import { readArguments, type GatewayArguments, type NewKeyArguments } from "./arguments.ts";
import { readContracts } from "./contracts.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { tuneV8 } from "./v8.ts";
import { VERSION } from "./version.ts";

const EXIT_ERROR = 1;
const EXIT_NOT_FOUND = 4;
/** Of the grace, kept for flushing and the last telemetry, ms. */
const GRACE_RESERVE_MS = 5_000;

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  if (args.kind === "usage") {
    (args.exitCode === 0 ? process.stdout : process.stderr).write(args.text);
    return args.exitCode;
  }
  try {
    return args.kind === "new-key" ? await makeKey(args) : await run(args);
  } catch (error) {
    process.stderr.write(`millrace gateway: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  const isMissing =
    (error instanceof MillraceError && error.code === "CONFIG_MISSING") ||
    (error instanceof SchemaError && error.code === "CATALOG_MISSING");
  return isMissing ? EXIT_NOT_FOUND : EXIT_ERROR;
}

async function makeKey(args: NewKeyArguments): Promise<number> {
  process.stdout.write(`${await addApiKey(args.apiKeysPath, args)}\n`);
  return 0;
}

async function run(args: GatewayArguments): Promise<number> {
  const contracts = await readContracts(args, process.env);
  const keys = args.apiKeysPath === null ? null : await KeyFile.read(args.apiKeysPath);
  const access: Access =
    keys === null ? { kind: "loopback" } : { kind: "keys", ring: () => keys.ring };
  const telemetry = await createTelemetry({
    serviceName: "millrace-gateway",
    serviceVersion: VERSION,
    logLevel: args.logLevel,
    env: process.env,
  });
  const ending = endOnSignals(args, telemetry);
  endOnBugs(telemetry);
  if (keys !== null) process.on("SIGHUP", () => void keys.reload(telemetry));
  const gateway = new GatewayProcess({ args, contracts, access, telemetry });
  await gateway.start();
  await ending;
  await gateway.stop(Math.max(0, args.graceMs - GRACE_RESERVE_MS));
  telemetry.log("info", "stopped");
  await telemetry.shutdown();
  return 0;
}

/** The keys of a file, as it was last read and held. */
class KeyFile {
  readonly #path: string;
  #ring: ApiKeyRing;

  private constructor(path: string, ring: ApiKeyRing) {
    this.#path = path;
    this.#ring = ring;
  }

  static async read(path: string): Promise<KeyFile> {
    return new KeyFile(path, new ApiKeyRing(await readApiKeys(path)));
  }

  get ring(): ApiKeyRing {
    return this.#ring;
  }

  /** All or nothing: a file that does not hold leaves the keys as they are. */
  async reload(telemetry: AppTelemetry): Promise<void> {
    try {
      const keys = await readApiKeys(this.#path);
      this.#ring = new ApiKeyRing(keys);
      telemetry.log("info", "API keys read again", { count: keys.length });
    } catch (error) {
      telemetry.log("error", "API keys not read again: the old ones hold", { error });
    }
  }
}

/** Resolves at the first signal; the second one ends at once, and past the grace it is over either way. */
function endOnSignals({ graceMs }: GatewayArguments, telemetry: AppTelemetry): Promise<void> {
  return new Promise((resolve) => {
    let isEnding = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isEnding) process.exit(EXIT_ERROR);
      isEnding = true;
      telemetry.log("info", "stopping", { signal, graceMs });
      setTimeout(() => {
        telemetry.log("error", "the grace is over: what is still open is given up", { graceMs });
        process.exit(EXIT_ERROR);
      }, graceMs).unref();
      resolve();
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
}

/** A bug: what this process would go on to acknowledge cannot be trusted. */
function endOnBugs(telemetry: AppTelemetry): void {
  const halt = (error: unknown): void => {
    const code = error instanceof MillraceError ? error.code : "INVARIANT_BROKEN";
    telemetry.log("error", "halted by a bug", { code, error });
    process.exit(EXIT_ERROR);
  };
  process.on("uncaughtException", halt).on("unhandledRejection", halt);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

tuneV8();
process.exitCode = await main();
