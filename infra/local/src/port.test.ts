import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { expect, it } from "vitest";
import { choosePort, freePort } from "./port.ts";

async function listen(host: string) {
  const server = createServer();
  server.listen(0, host);
  await once(server, "listening");
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it listens on a TCP port
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}

it.each(["127.0.0.1", "0.0.0.0"])(
  "takes a free port where the usual one is taken on %s",
  async (host) => {
    await using taken = await listen(host);

    const port = await choosePort("x", { demanded: undefined, usual: taken.port });

    expect(port).not.toBe(taken.port);
  },
);

it("takes the usual port where it is free", async () => {
  const usual = await freePort();

  expect(await choosePort("x", { demanded: undefined, usual })).toBe(usual);
});

it("refuses to take another port than a demanded one", async () => {
  await using taken = await listen("127.0.0.1");

  await expect(choosePort("Kafka", { demanded: taken.port, usual: null })).rejects.toMatchObject({
    code: "PORT_TAKEN",
    message: expect.stringContaining(`port ${taken.port} is taken, wanted for Kafka`) as unknown,
  });
});

it("draws free ports from below those that outgoing connections take", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));

  expect(Math.max(...ports)).toBeLessThan(32_768);
});
