import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { claimPort } from "./port-claim.ts";
import { StackError } from "./stack-error.ts";

/**
 * Free ports are drawn from below the range that systems take for outgoing connections (Linux: from 32768), so that
 * none of those takes a port between the draw and its use.
 */
const DRAWN_FROM = 20_000;
const DRAWN_BELOW = 32_000;
const DRAWS_MAX = 100;

/** Whether nothing listens on a loopback port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A port that is free now, and that no other call gives for two minutes. @throws Error when a hundred draws found none. */
export async function freePort(): Promise<number> {
  for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
    const port = randomInt(DRAWN_FROM, DRAWN_BELOW);
    if (claimPort(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port found from ${DRAWN_FROM} to ${DRAWN_BELOW}`);
}

/** What is wanted of a port: the demanded one must be had, the usual one is liked. */
export interface PortWish {
  readonly demanded: number | undefined;
  readonly usual: number | null;
}

/**
 * The demanded port, else the usual one, else a free one.
 * @throws StackError `PORT_TAKEN` when a port was demanded that is taken.
 */
export async function choosePort(name: string, { demanded, usual }: PortWish): Promise<number> {
  if (demanded !== undefined) {
    if (await isFree(demanded)) return demanded;
    throw new StackError("PORT_TAKEN", {
      message: `port ${demanded} is taken, wanted for ${name}`,
      hint: "stop what listens there, or leave the port open to take a free one",
    });
  }
  return usual !== null && (await isFree(usual)) ? usual : freePort();
}
