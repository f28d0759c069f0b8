import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { describe, expect, it } from "vitest";
import { createCodec, located } from "../fixtures/codec.ts";
import { DECODED_DATA, inputOf, SAMPLE_DATA } from "../fixtures/sample-events.ts";
import type { Registry } from "./index.ts";

interface Client extends AsyncDisposable {
  readonly client: SchemaRegistry;
}

/** The client that most users of kafkajs have, on a server with the schemas of a registry. */
async function clientOf(registry: Registry): Promise<Client> {
  const server = createServer((request, response) => {
    const id = Number(/\/schemas\/ids\/(\d+)$/.exec(request.url ?? "")?.[1]);
    void registry.schemaById(id).then((avro) => {
      response.end(JSON.stringify({ schema: JSON.stringify(avro) }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  return {
    client: new SchemaRegistry({ host: `http://127.0.0.1:${port}` }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("the registry client of kafkajs", () => {
  it("reads the values we write", async () => {
    const { registry, encoder } = await createCodec();
    await using bundle = await clientOf(registry);
    const { value } = encoder.encode(inputOf("flights.FlightArrived"));

    const read: unknown = await bundle.client.decode(Buffer.from(value));

    expect(read).toEqual(SAMPLE_DATA["flights.FlightArrived"]);
  });

  it("writes values that we read", async () => {
    const { registry, ids, encoder, decoder } = await createCodec();
    await using bundle = await clientOf(registry);
    const type = "orders.OrderCancelled";
    const value = await bundle.client.encode(ids.get(type) ?? 0, SAMPLE_DATA[type]);
    const { key, headers } = encoder.encode(inputOf(type));

    const result = decoder.decode(located({ key, value, headers }));

    expect(result).toMatchObject({ kind: "event", event: { data: DECODED_DATA[type] } });
  });
});
