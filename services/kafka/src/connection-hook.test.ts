import { connect as connectTo, createServer, type AddressInfo, type Socket } from "node:net";
import Connection from "kafkajs/src/network/connection.js";
import { expect, it, onTestFinished } from "vitest";
import { installConnectionHook } from "./connection-hook.ts";

const nothing = (): void => undefined;

/** A connection to a server that says whatever `serve` has it say. */
async function setup(serve: (socket: Socket) => void): Promise<Connection> {
  installConnectionHook();
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a TCP server's address
  const { port } = server.address() as AddressInfo;
  const logger = { namespace: () => logger, debug: nothing, error: nothing };
  const socketFactory = (plan: { readonly onConnect: () => void }): Socket =>
    connectTo({ host: "127.0.0.1", port }, plan.onConnect);
  const times = { connectionTimeout: 1_000, requestTimeout: 1_000 };
  const options = { logger, socketFactory, host: "127.0.0.1", port, ...times };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- made by hand, without a cluster
  return Reflect.construct(Connection, [options]) as Connection;
}

it("a length that makes no sense costs the socket, and the next one begins anew", async () => {
  const broken = Promise.withResolvers<undefined>();
  let socketCount = 0;
  const connection = await setup((socket) => {
    socketCount += 1;
    socket.on("error", nothing).on("close", () => broken.resolve(undefined));
    // An answer of one byte, where each has four of its request's number.
    if (socketCount === 1) socket.write(Buffer.from([0, 0, 0, 1, 7, 0, 0]));
  });

  await connection.connect();
  await broken.promise;
  const left = connection.bytesBuffered;
  await connection.connect();

  expect(left).toBeGreaterThan(0);
  expect(connection).toMatchObject({ chunks: [], bytesBuffered: 0, bytesNeeded: 4 });
  connection.socket?.destroy();
});
