import { freePort } from "@millrace/local";
import { startCommand, type Command, type CommandPlace } from "./command.ts";
import { askDelivery, type DeliveryView } from "./delivery-view.ts";

/** The delivery process of a run, or the one in its place. */
export interface Delivery {
  /** Kills the process, starts another; resolves to the time of the kill. */
  readonly crash: () => Promise<number>;
  /** What it says of a target. */
  readonly ask: (target: string) => Promise<DeliveryView>;
  readonly stop: () => Promise<void>;
}

/** What a delivery process is started with. */
export interface DeliveryOptions extends CommandPlace {
  readonly configPath: string;
  /** Told when it ends without having been told to. */
  readonly onDeath: (failure: Error) => void;
}

/** Starts it; resolves when it lives. @throws Error with the end of its log. */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  let current = await start(options);
  return {
    async crash() {
      const killedAt = await current.command.crash();
      current = await start(options);
      return killedAt;
    },
    ask: (target) => askDelivery(current.adminUrl, target),
    stop: () => current.command.stop(),
  };
}

interface Running {
  readonly command: Command;
  readonly adminUrl: string;
}

async function start(options: DeliveryOptions): Promise<Running> {
  const port = await freePort();
  const args = ["deliver", "-c", options.configPath, "--admin-port", String(port)];
  const command = startCommand(options, args);
  void command.died().then(options.onDeath);
  const adminUrl = `http://127.0.0.1:${port}`;
  await command.ready(`${adminUrl}/livez`);
  return { command, adminUrl };
}
