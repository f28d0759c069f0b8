import { parseArgs } from "node:util";
import { readScript } from "./api-script.ts";
import { startDemoApi, type DemoApiOptions } from "./demo-api.ts";
import { readKeyLocation } from "./key-of-call.ts";

const HELP = `Usage: node infra/demo/src/api/main.ts --log FILE [options]

A scripted HTTP API that answers 200 to every call and records what arrived.

Options:
  --log FILE           append what arrives to this file (NDJSON); required
  --name NAME          name in reports (default: demo-api)
  --host HOST          where to listen (default: 127.0.0.1)
  --port PORT          port of the API (default: a free one)
  --control-port PORT  port for PUT /script, POST /outage, GET /report (default: a free one)
  --key WHERE          what orders calls: path:<prefix>, body:<field> or nowhere (default: nowhere)
  --script JSON        latency, faults, reject, slow; see infra/demo/README.md
  --seed NUMBER        seed of latencies and faults (default: 1)
  -h, --help           this text

Prints one line of JSON with url and controlUrl when it listens. SIGTERM stops it.
`;

const OPTIONS = {
  log: { type: "string" },
  name: { type: "string", default: "demo-api" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "0" },
  "control-port": { type: "string", default: "0" },
  key: { type: "string", default: "nowhere" },
  script: { type: "string", default: "{}" },
  seed: { type: "string", default: "1" },
  help: { type: "boolean", short: "h", default: false },
} as const;

function readOptions(): DemoApiOptions | "help" {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return "help";
  if (values.log === undefined) throw new RangeError("--log FILE is required");
  return {
    name: values.name,
    logPath: values.log,
    keyIn: readKeyLocation(values.key),
    host: values.host,
    port: portNumber("--port", values.port),
    controlPort: portNumber("--control-port", values["control-port"]),
    script: readScript(JSON.parse(values.script)),
    seed: Number(values.seed),
  };
}

function portNumber(option: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/u.test(text) && port <= 65_535) return port;
  throw new RangeError(`${option}: a port from 0 to 65535, not '${text}'`);
}

async function run(): Promise<void> {
  const options = readOptions();
  if (options === "help") {
    process.stdout.write(HELP);
    return;
  }
  const api = await startDemoApi(options);
  const stop = (): void => {
    void api.stop().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  // Started over IPC: the parent's end is this process's end, however it comes.
  process.once("disconnect", stop);
  process.stdout.write(`${JSON.stringify({ url: api.url, controlUrl: api.controlUrl })}\n`);
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
