/** The servers of a run: brokers with a second listener behind a proxy, so that delivery processes can be cut off alone. */
import { join } from "node:path";
import { freePort, startCluster, type Cluster, type Guard } from "@millrace/local";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import { startProxy, type Proxy } from "./proxy/proxy-process.ts";

/** Brokers and registry. */
export interface Servers {
  readonly cluster: Cluster;
  /** For everybody but the delivery processes. */
  readonly addresses: readonly string[];
  /** The same brokers, for the delivery processes: all of their traffic passes `network`. */
  readonly addressesBehindNetwork: readonly string[];
  readonly network: Proxy;
  /** Under the data of the first broker; null where no fault fills it. */
  readonly smallDisk: SmallDisk | null;
  close(): Promise<void>;
}

/** What servers are started with. */
export interface ServersOptions {
  readonly brokerCount: number;
  /** Whether a fault will fill the disk of the first broker. */
  readonly disk: "large" | "small";
  readonly rawFolder: string;
  readonly seed: number;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

/** Starts them. @throws StackError with what is missing. */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const { brokerCount, rawFolder, seed, guard, signal, onProgress } = options;
  await using cleanup = new AsyncDisposableStack();
  const logPath = join(rawFolder, "cuts-brokers.jsonl");
  const network = await startProxy({ logPath, seed }, (child) => guard.watch(child));
  cleanup.defer(() => network.stop());
  const listeners = new Map<number, { readonly inner: number; readonly outer: number }>();
  for (let nodeId = 1; nodeId <= brokerCount; nodeId += 1) {
    const inner = await freePort();
    listeners.set(nodeId, { inner, outer: await network.route({ port: 0, behind: inner }) });
  }
  const disks: SmallDisk[] = [];
  const cluster = await startCluster({
    ...{ brokerCount, signal, onProgress },
    onDataFolder: async (folder, nodeId) => {
      if (options.disk === "large" || nodeId !== 1) return;
      const disk = await mountSmallDisk(folder);
      disks.push(disk);
      cleanup.defer(() => disk.close());
    },
    settingsOf: ({ nodeId, port, controllerPort }) => {
      const { inner, outer } = listeners.get(nodeId) ?? { inner: 0, outer: 0 };
      return brokerSettings({ port, controllerPort, inner, outer });
    },
  });
  cleanup.defer(() => cluster.stop());
  const moved = cleanup.move();
  return {
    ...{ cluster, network, smallDisk: disks[0] ?? null, addresses: cluster.addresses },
    addressesBehindNetwork: Array.from(listeners.values(), ({ outer }) => `127.0.0.1:${outer}`),
    close: () => moved.disposeAsync(),
  };
}

function brokerSettings(ports: {
  readonly port: number;
  readonly controllerPort: number;
  readonly inner: number;
  readonly outer: number;
}): Readonly<Record<string, string | number>> {
  const at = (name: string, port: number): string => `${name}://127.0.0.1:${port}`;
  const { port, controllerPort, inner, outer } = ports;
  const plain = at("PLAINTEXT", port);
  return {
    listeners: [plain, at("NETWORK", inner), at("CONTROLLER", controllerPort)].join(","),
    "advertised.listeners": [plain, at("NETWORK", outer)].join(","),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,NETWORK:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    // A closed segment is compacted, and with it the commits that the final read is for.
    "offsets.topic.segment.bytes": 1_073_741_824,
  };
}
