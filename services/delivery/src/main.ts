/** The process behind `millrace deliver`: reads its arguments and configuration, runs, ends on SIGTERM or SIGINT. */
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { loadConfig, type MillraceConfig, type TargetConfig } from "@millrace/config";
import { MillraceError } from "@millrace/engine";
import { createTelemetry, type AppTelemetry } from "@millrace/telemetry";
import { startAdminServer, type AdminServer } from "./admin-server.ts";
import { accessFor } from "./operations/access.ts";
import { commandLines, readArguments, type DeliveryArguments } from "./arguments.ts";
import { DeliveryProcess } from "./delivery-process.ts";
import { compileAtOnce } from "./compiler.ts";
import { tuneHeap } from "./heap.ts";
import { endWithGroup, startProcessGroup } from "./process-group.ts";
import { chooseTargets } from "./target-choice.ts";
import { VERSION } from "./version.ts";

const EXIT_ERROR = 1;
const EXIT_NOT_FOUND = 4;
/** Of the grace, kept for leaving the groups and the last telemetry, ms. */
const GRACE_RESERVE_MS = 3_000;

/** Has workspaces resolve to their sources. */
const SOURCE_CONDITION = "--conditions=millrace-source";

class Exit extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  if ("text" in read) {
    (read.exitCode === 0 ? process.stdout : process.stderr).write(read.text);
    return read.exitCode;
  }
  try {
    const config = await loadConfig(read.configPath);
    const targets = targetsOf(config, read);
    return await (read.processCount > 1 ? runGroup(read) : run(read, config, targets));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Exit) return error.code;
  const isMissing = error instanceof MillraceError && error.code === "CONFIG_MISSING";
  return isMissing ? EXIT_NOT_FOUND : EXIT_ERROR;
}

function targetsOf(config: MillraceConfig, { targets }: DeliveryArguments): TargetConfig[] {
  const choice = chooseTargets(config, targets);
  if (choice.kind === "chosen") return [...choice.targets];
  throw new Exit(EXIT_NOT_FOUND, choice.message);
}

/** Several processes; this one only passes signals on. What is wrong with the configuration it has said by now, once. */
async function runGroup(args: DeliveryArguments): Promise<number> {
  const program = fileURLToPath(import.meta.url);
  const isSource = program.endsWith(".ts");
  const group = startProcessGroup({
    program,
    // As the launcher has it: TypeScript runs as it is, and what Node says of that is for nobody.
    nodeArgs: ["--disable-warning=ExperimentalWarning", ...(isSource ? [SOURCE_CONDITION] : [])],
    commandLines: commandLines(args),
    onLost: (pid, end) => {
      process.stderr.write(`delivery process ${pid} ended (${end}): stopping the others\n`);
    },
  });
  process.on("SIGTERM", group.signal).on("SIGINT", group.signal);
  return group.ended;
}

async function run(
  args: DeliveryArguments,
  config: MillraceConfig,
  targets: readonly TargetConfig[],
): Promise<number> {
  const telemetry = await createTelemetry({
    serviceName: "millrace-deliver",
    serviceVersion: VERSION,
    logLevel: "info",
    env: process.env,
  });
  const ending = Promise.withResolvers<number>();
  endOnSignals(args, telemetry, ending.resolve);
  endOnBugs(telemetry);
  const delivery = new DeliveryProcess({
    config,
    targets,
    telemetry,
    onFailed(error) {
      telemetry.log("error", "a target cannot go on", { error });
      ending.resolve(EXIT_ERROR);
    },
  });
  const admin = await listen(args, delivery, telemetry);
  const starting = delivery.start(urlOf(admin)).catch((error: unknown) => {
    telemetry.log("error", "could not start", { error });
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    ending.resolve(EXIT_ERROR);
  });
  const code = await ending.promise;
  await delivery.stop(Math.max(0, args.graceMs - GRACE_RESERVE_MS));
  await starting;
  await admin.close();
  telemetry.log("info", "stopped", {});
  await telemetry.shutdown();
  return code;
}

async function listen(
  { adminHost: host, adminPort: port }: DeliveryArguments,
  delivery: DeliveryProcess,
  telemetry: AppTelemetry,
): Promise<AdminServer> {
  const sources = {
    notReady: () => delivery.notReady(),
    metrics: () => telemetry.renderMetrics(),
    operations: {
      access: accessFor(host, process.env["MILLRACE_ADMIN_TOKEN"]),
      targets: () => delivery.targets(),
    },
  };
  try {
    const admin = await startAdminServer(sources, { host, port });
    telemetry.log("info", "admin server listens", { host: admin.host, port: admin.port });
    return admin;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Exit(
      EXIT_ERROR,
      `admin server cannot listen on ${host}:${port} (${reason}); choose another --admin-port, 0 takes a free one`,
    );
  }
}

/** As others reach it; a wildcard address says no host. */
function urlOf({ host, port }: AdminServer): string {
  const isWildcard = host === "0.0.0.0" || host === "::";
  const reached = isWildcard ? hostname() : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}

/** The first signal ends in order, the second at once; past the grace it is over either way. */
function endOnSignals(
  { graceMs }: DeliveryArguments,
  telemetry: AppTelemetry,
  end: (code: number) => void,
): void {
  let isEnding = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(EXIT_ERROR);
    isEnding = true;
    telemetry.log("info", "stopping", { signal, graceMs });
    setTimeout(() => {
      telemetry.log("error", "the grace is over: what is still open is given up", { graceMs });
      process.exit(EXIT_ERROR);
    }, graceMs).unref();
    end(0);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}

/** A broken invariant or any other bug: nothing more may be sent or committed by this process. */
function endOnBugs(telemetry: AppTelemetry): void {
  const halt = (error: unknown): void => {
    const code = error instanceof MillraceError ? error.code : "INVARIANT_BROKEN";
    // Whoever mends it needs the place; a stack holds nothing but names of ours and of libraries.
    const stack = error instanceof Error ? { stack: error.stack } : {};
    const fields = { code, error, ...stack };
    telemetry.log("error", "halted by a bug; nothing more is sent or committed", fields);
    process.exit(EXIT_ERROR);
  };
  process.on("uncaughtException", halt).on("unhandledRejection", halt);
}

tuneHeap();
compileAtOnce();
endWithGroup();
process.exitCode = await main();
