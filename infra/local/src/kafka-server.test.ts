import { describe, expect, it } from "vitest";
import { newClusterId, serverProperties } from "./kafka-server.ts";

const PORTS = { port: 9_092, controllerPort: 9_093 };

/** The settings of a configuration, by name. */
function read(text: string): ReadonlyMap<string, string> {
  const pairs = text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=")] as const;
    });
  return new Map(pairs);
}

describe("serverProperties", () => {
  it("lets a broker alone be its own controller and hold everything once", () => {
    const settings = read(serverProperties(PORTS));

    expect(settings.get("controller.quorum.voters")).toBe("1@127.0.0.1:9093");
    expect(settings.get("default.replication.factor")).toBe("1");
    expect(settings.get("min.insync.replicas")).toBe("1");
  });

  it("has three brokers hold everything, and acknowledges what two of them hold", () => {
    const place = { clusterId: newClusterId(), nodeId: 2, voters: "1@a:1,2@b:2", brokerCount: 3 };

    const settings = read(serverProperties({ ...PORTS, place }));

    expect(settings.get("node.id")).toBe("2");
    expect(settings.get("controller.quorum.voters")).toBe("1@a:1,2@b:2");
    for (const topic of ["default", "offsets.topic", "transaction.state.log"]) {
      expect(settings.get(`${topic}.replication.factor`)).toBe("3");
    }
    expect(settings.get("min.insync.replicas")).toBe("2");
  });

  it("lays the given settings over its own", () => {
    const settings = read(serverProperties({ ...PORTS, settings: { "num.io.threads": 1 } }));

    expect(settings.get("num.io.threads")).toBe("1");
  });
});
