import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A process of the harness itself that takes orders over IPC and ends when this process ends, however it ends. */
export interface Helper<Order extends { readonly order: number }, Answer> {
  /** Resolves to its answer. @throws Error when it is gone. */
  tell(order: Omit<Order, "order">): Promise<Answer>;
  /** Ends it in order. Idempotent. */
  stop(): Promise<void>;
}

/** Takes a child under guard. */
export type Watch = (child: { readonly pid?: number | undefined }) => void;

/** Starts a helper; resolves when it has said that it is ready. @throws Error when it ends before. */
export async function startHelper<
  Order extends { readonly order: number },
  Answer extends { readonly order: number },
>(
  { entry, args }: { readonly entry: string; readonly args: readonly string[] },
  watch: Watch,
): Promise<Helper<Order, Answer>> {
  const child = spawn(process.execPath, ["--conditions=millrace-source", entry, ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  watch(child);
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  const ready = Promise.withResolvers<undefined>();
  const fail = (): void => {
    const error = new Error(`a process of the harness ended by itself: ${entry}`);
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  child.once("error", fail).once("exit", fail);
  child.on("message", (message: Answer | "ready") => {
    if (message === "ready") {
      ready.resolve(undefined);
      return;
    }
    waiting.get(message.order)?.resolve(message);
    waiting.delete(message.order);
  });
  await ready.promise;
  let orderCount = 0;
  return {
    tell(order) {
      orderCount += 1;
      const answer = Promise.withResolvers<Answer>();
      waiting.set(orderCount, answer);
      child.send({ ...order, order: orderCount });
      return answer.promise;
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  await exited;
}
