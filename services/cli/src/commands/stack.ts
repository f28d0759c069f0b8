import type { Registrar } from "./registrar.ts";
import { portNumber } from "./option-value.ts";

/** `up`, `down`, `status`, `doctor`. */
export function addStackCommands({ program, act }: Registrar): void {
  program
    .command("up")
    .description("start Kafka and a schema registry on this machine")
    .option("--kafka-port <port>", "Kafka's port (default: 9092, or a free one)", portNumber)
    .option("--registry-port <port>", "the registry's (default: 8081, or a free one)", portNumber)
    .action((options) =>
      act(async (context) => (await import("../actions/up.ts")).up(context, options)),
    );
  program
    .command("down")
    .description("stop them; their data stays")
    .action(() => act(async (context) => (await import("../actions/down.ts")).down(context)));
  program
    .command("status")
    .description("show whether they run (exit code 1 when not)")
    .action(() => act(async (context) => (await import("../actions/status.ts")).status(context)));
  program
    .command("doctor")
    .description("check Node, Java, brokers, topics, registry and clocks, and say what to do")
    .action(() => act(async (context) => (await import("../actions/doctor.ts")).doctor(context)));
}
