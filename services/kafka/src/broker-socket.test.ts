import { createServer, type AddressInfo, type Socket } from "node:net";
import Connection from "kafkajs/src/network/connection.js";
import { expect, it, onTestFinished, vi } from "vitest";
import { openBrokerSocket } from "./broker-socket.ts";
import { installConnectionHook } from "./connection-hook.ts";

const nothing = (): void => undefined;

/** A connection to a server that says whatever `serve` has it say, and what reaches its requests. */
async function setup(serve: (socket: Socket, count: number) => void) {
  installConnectionHook();
  let socketCount = 0;
  const server = createServer((socket) => {
    socketCount += 1;
    serve(socket.on("error", nothing), socketCount);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a TCP server's address
  const { port } = server.address() as AddressInfo;
  const logger = { namespace: () => logger, debug: nothing, error: nothing };
  const times = { connectionTimeout: 1_000, requestTimeout: 1_000 };
  const options = { logger, socketFactory: openBrokerSocket, host: "127.0.0.1", port, ...times };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- made by hand, without a cluster
  const connection = Reflect.construct(Connection, [options]) as Connection;
  onTestFinished(() => void connection.socket?.destroy());
  const answers: [number, string][] = [];
  const payloads: Buffer[] = [];
  const enough = Promise.withResolvers<undefined>();
  vi.spyOn(connection.requestQueue, "fulfillRequest").mockImplementation(
    ({ correlationId, payload }) => {
      answers.push([correlationId, payload.toString()]);
      payloads.push(payload);
      if (payload.toString() === "last") enough.resolve(undefined);
    },
  );
  return { connection, answers, payloads, last: enough.promise };
}

/** Until a connection's socket is closed, whatever it ends with. */
function closed({ socket }: Connection): Promise<void> {
  return new Promise((resolve) => socket?.once("close", () => resolve()));
}

function answer(correlationId: number, payload: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + payload.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, Buffer.from(payload)]);
}

it("answers of connections that read at the same time are not mixed, though they share what they read into", async () => {
  const count = 200;
  const payloadOf = (name: string, id: number): string => name.repeat(id * 97);
  const worlds = await Promise.all(
    ["a", "b", "c"].map(async (name) => {
      const world = await setup((socket) => {
        for (let id = 0; id < count; id += 1) socket.write(answer(id, payloadOf(name, id)));
        socket.write(answer(count, "last"));
      });
      return { name, ...world };
    }),
  );

  await Promise.all(worlds.map(({ connection }) => connection.connect()));
  await Promise.all(worlds.map(({ last }) => last));

  for (const { name, answers } of worlds) {
    const sent = Array.from({ length: count }, (_, id) => [id, payloadOf(name, id)]);
    expect(answers).toEqual([...sent, [count, "last"]]);
  }
});

it.each<[string, (socket: Socket) => void]>([
  [
    "a socket that breaks off in an answer leaves nothing of it to the next one",
    (socket) => socket.end(answer(1, "broken off").subarray(0, 11)),
  ],
  [
    "a length that makes no sense costs the socket, and the next one begins anew",
    // An answer of one byte, where each has four of its request's number.
    (socket) => socket.write(Buffer.from([0, 0, 0, 1, 7, 0, 0])),
  ],
])("%s", async (_, begin) => {
  const { connection, answers, last } = await setup((socket, count) => {
    if (count === 1) begin(socket);
    else socket.write(answer(2, "last"));
  });

  await connection.connect();
  await closed(connection);
  await connection.connect();
  await last;

  expect(answers).toEqual([[2, "last"]]);
});

it("an answer reaches its request in the buffer that it was read into", async () => {
  const { connection, payloads, last } = await setup((socket) => {
    for (const payload of ["first", "second"]) socket.write(answer(1, payload.repeat(9_000)));
    socket.write(answer(2, "last"));
  });
  const handed: Buffer[] = [];

  const connecting = connection.connect();
  connection.socket?.on("data", (data: Buffer) => handed.push(data));
  await connecting;
  await last;

  expect(payloads).toHaveLength(3);
  for (const [index, payload] of payloads.entries()) {
    expect(payload.buffer === handed[index]?.buffer).toBe(true);
  }
});
