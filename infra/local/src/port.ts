import { createServer } from "node:net";
import { StackError } from "./stack-error.ts";

/** Whether nothing listens on a loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * The demanded port, else the usual one, else a free one.
 * @throws StackError `PORT_TAKEN` when a port was demanded that is taken.
 */
export async function choosePort(
  name: string,
  { demanded, usual }: { readonly demanded: number | undefined; readonly usual: number | null },
): Promise<number> {
  if (demanded !== undefined) {
    if (await isFree(demanded)) return demanded;
    throw new StackError("PORT_TAKEN", {
      message: `port ${demanded} is taken, wanted for ${name}`,
      hint: "stop what listens there, or leave the port open to take a free one",
    });
  }
  return usual !== null && (await isFree(usual)) ? usual : freePort();
}
