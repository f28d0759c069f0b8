/** Faults of the servers that everything stands on: brokers, registry, gateway. */
import type { ClusterBroker } from "@millrace/local";
import { plainKafka } from "../record/topic-read.ts";
import type { Fault, FaultOutcome, FaultScene } from "./fault.ts";

const AWAY_MS = 2_000;
/** Longest wait until a broker gives up that cannot write. */
const DISK_FULL_MS_MAX = 20_000;
/** Longest wait for the replicas of a partition, ms. */
const IN_SYNC_MS_MAX = 120_000;
/** How often the leader is killed, whoever it is by then. */
const CHASE_COUNT = 3;
const POLL_MS = 200;

interface PartitionSeen {
  readonly leader: number;
  readonly isr: readonly number[];
}

/** A broker is killed and comes back on the same data. */
export const brokerKill: Fault = async (scene) =>
  endBroker(scene, "SIGKILL", await pickLeader(scene));

/** A broker is stopped in order and started again; of several, what it led is led by others meanwhile. */
export const brokerRestart: Fault = async (scene) =>
  endBroker(scene, "SIGTERM", await pickLeader(scene));

/** The leader of a partition is killed, then the next one, and the next. Needs several brokers. */
export const leaderChase: Fault = async (scene) => {
  const who = new Set<string>();
  for (let count = 0; count < CHASE_COUNT; count += 1) {
    const [first] = await readPartitions(scene);
    const broker = brokerOf(scene, first?.leader);
    for (const name of (await endBroker(scene, "SIGKILL", broker)).who) who.add(name);
    await untilInSync(scene);
  }
  return { target: null, who: [...who], scope: "all" };
};

/**
 * The disk under a broker is full: it ends by itself once it cannot write, and is started again when there is room. It is
 * killed where it has not ended: then nothing could be written either.
 */
export const diskFull: Fault = async ({ world, operations, pause }) => {
  const { cluster, smallDisk } = world.servers;
  const [broker] = cluster.brokers;
  if (broker === undefined || smallDisk === null) throw new Error("no disk was made to be filled");
  const who = `broker-${broker.nodeId}`;
  operations.note({ f: "disk-full", who });
  await smallDisk.fill();
  for (let waitedMs = 0; broker.isRunning() && waitedMs < DISK_FULL_MS_MAX; waitedMs += POLL_MS) {
    await pause(POLL_MS);
  }
  const detail = broker.isRunning() ? "SIGKILL" : "by itself";
  operations.note({ f: "broker-kill", who, detail });
  await broker.stop("SIGKILL");
  await smallDisk.free();
  await broker.start();
  operations.note({ f: "broker-start", who });
  return { target: null, who: [who], scope: "all" };
};

/** The registry is killed; a delivery process starts without it. */
export const registryOutage: Fault = async ({ world, pool, operations, pause }) => {
  operations.note({ f: "registry-down", who: "registry" });
  await world.servers.cluster.stopRegistry("SIGKILL");
  const [oldest] = pool.running;
  if (oldest !== undefined) await pool.terminate(oldest);
  const fresh = await pool.start();
  await pause(AWAY_MS);
  await world.servers.cluster.startRegistry();
  operations.note({ f: "registry-up", who: "registry" });
  await pool.ready(fresh);
  return { target: null, who: ["registry"], scope: "all" };
};

/** The gateway is killed with requests open. */
export const gatewayKill: Fault = async ({ world, operations, pause }) => {
  operations.note({ f: "kill", who: "gateway" });
  await world.killGateway();
  await pause(AWAY_MS);
  await world.startGateway();
  operations.note({ f: "start", who: "gateway" });
  return { target: null, who: ["gateway"], scope: "all" };
};

/** A broker that leads partitions of the topic: without the others nobody would notice. */
async function pickLeader(scene: FaultScene): Promise<ClusterBroker> {
  return brokerOf(scene, scene.random.pick(await readPartitions(scene)).leader);
}

function brokerOf({ world }: FaultScene, nodeId: number | undefined): ClusterBroker {
  const broker = world.servers.cluster.brokers.find((one) => one.nodeId === nodeId);
  if (broker === undefined) throw new Error(`no broker ${nodeId}, which is to be the leader`);
  return broker;
}

async function endBroker(
  scene: FaultScene,
  how: "SIGKILL" | "SIGTERM",
  broker: ClusterBroker,
): Promise<FaultOutcome> {
  const { operations, pause, world } = scene;
  const { nodeId } = broker;
  const who = `broker-${nodeId}`;
  const ledBefore = await readPartitions(scene);
  operations.note({ f: "broker-kill", who, detail: how });
  await broker.stop(how);
  await pause(AWAY_MS);
  const isAlone = world.servers.cluster.brokers.length === 1;
  const ledMeanwhile = isAlone ? [] : await readPartitions(scene);
  await broker.start();
  const moved = ledMeanwhile.filter(
    ({ leader }, index) => ledBefore[index]?.leader === nodeId && leader !== nodeId,
  );
  operations.note({ f: "broker-start", who, detail: `${moved.length} partitions led by others` });
  return { target: null, who: [who], scope: "all" };
}

/** Who leads each partition of the topic, and who is in sync; by their numbers. */
async function readPartitions({ world }: FaultScene): Promise<readonly PartitionSeen[]> {
  const admin = plainKafka(world.servers.addresses).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [world.topic] });
    const partitions = [...(topics[0]?.partitions ?? [])];
    return partitions.sort((one, other) => one.partitionId - other.partitionId);
  } finally {
    await admin.disconnect();
  }
}

async function untilInSync(scene: FaultScene): Promise<void> {
  const { brokers } = scene.world.servers.cluster;
  for (let waitedMs = 0; waitedMs < IN_SYNC_MS_MAX; waitedMs += POLL_MS) {
    const partitions = await readPartitions(scene).catch(() => []);
    const isInSync = partitions.every(({ isr }) => isr.length === brokers.length);
    if (partitions.length > 0 && isInSync) return;
    await scene.pause(POLL_MS);
  }
  throw new Error(`replicas are not in sync after ${IN_SYNC_MS_MAX / 1_000} s; is a broker down?`);
}
