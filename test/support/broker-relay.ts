/**
 * The way to a broker, with requests that a test holds back: who goes by it sees a broker that does not do what it is
 * asked, while all else is well. What is held reaches the broker in the end, also when its sender has hung up. The relay stands for the
 * broker in what that tells of itself (Metadata, FindCoordinator), so that every connection goes by it.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Kafka's numbers of requests. */
export const API = { produce: 0, offsetCommit: 8 } as const;

/** A request on its way: its API, and its bytes with the length in front. */
export interface RelayedRequest {
  readonly api: number;
  readonly frame: Buffer;
}

/** A relay. */
export interface BrokerRelay {
  /** `<host>:<port>` of it. */
  readonly address: string;
  /** Requests that come from now on are not held any more; those that are stay so. */
  openUp(): void;
  /** Those that wait go on; resolves when the broker has answered each. */
  release(): Promise<void>;
  /** The next answer breaks off in its midst, and its connection with it. */
  breakOff(): void;
  /** Ends all connections, and refuses new ones until it is {@link restore}d. */
  cut(): void;
  restore(): Promise<void>;
}

/** Starts a relay to `broker` (`<host>:<port>`) that holds some requests back; it ends with the test. */
export async function relayTo(
  broker: string,
  isHeld: (request: RelayedRequest) => boolean,
): Promise<BrokerRelay> {
  const [host = "", port = ""] = broker.split(":");
  let isOpen = false;
  let isBreaking = false;
  const waiting: (() => Promise<void>)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    let heldCount = 0;
    let onAnswer: (() => void) | null = null;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("close", () => {
      if (heldCount === 0) upstream.destroy();
    });
    upstream.on("close", () => {
      client.destroy();
      onAnswer?.();
    });
    const hold = (frame: Buffer): void => {
      heldCount += 1;
      waiting.push(async () => {
        const answered = new Promise<void>((resolve) => (onAnswer = resolve));
        upstream.write(frame);
        await answered;
        heldCount -= 1;
      });
    };
    client.on(
      "data",
      byFrame((frame) => {
        if (!isOpen && isHeld({ api: frame.readInt16BE(4), frame })) hold(frame);
        else upstream.write(frame);
      }),
    );
    upstream.on(
      "data",
      byFrame((frame) => {
        if (isBreaking) {
          isBreaking = false;
          client.write(frame.subarray(0, frame.length / 2), () => client.destroy());
        } else if (!client.destroyed) {
          client.write(withPort(frame, { host, from: Number(port), to: own }));
        }
        onAnswer?.();
      }),
    );
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => server.listen(at, host, resolve));
  await listen(0);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a TCP server's address
  const { port: own } = server.address() as AddressInfo;
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(cut);
  return {
    cut,
    restore: () => listen(own),
    address: `${host}:${own}`,
    openUp() {
      isOpen = true;
    },
    breakOff() {
      isBreaking = true;
    },
    async release() {
      isOpen = true;
      for (const send of waiting.splice(0)) await send();
    },
  };
}

/** Cuts a stream into requests or answers: four bytes of length, and so many more. */
function byFrame(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let received = Buffer.alloc(0);
  return (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const length = 4 + received.readInt32BE(0);
      onFrame(received.subarray(0, length));
      received = received.subarray(length);
    }
  };
}

/** An answer in which the broker is at another port: its host, as text, and the port follow each other. */
function withPort(
  frame: Buffer,
  { host, from, to }: { readonly host: string; readonly from: number; readonly to: number },
): Buffer {
  const [old, changed] = [endpoint(host, from), endpoint(host, to)];
  const copy = Buffer.from(frame);
  for (let at = copy.indexOf(old); at !== -1; at = copy.indexOf(old, at + old.length)) {
    changed.copy(copy, at);
  }
  return copy;
}

function endpoint(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(port, host.length);
  return bytes;
}
