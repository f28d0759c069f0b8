/** Faults of the servers that everything stands on: brokers, registry, gateway. */
import type { Fault } from "./fault.ts";

const AWAY_MS = 2_000;

/** The broker is killed and comes back on the same data. */
export const brokerKill: Fault = async ({ world, operations, pause }) => {
  operations.note({ f: "broker-kill", who: "broker-1" });
  await world.stack.stopKafka("SIGKILL");
  await pause(AWAY_MS);
  await world.stack.startKafka();
  operations.note({ f: "broker-start", who: "broker-1" });
  return { target: null, who: ["broker-1"], scope: "all" };
};

/** The broker is stopped in order and started again. */
export const brokerRestart: Fault = async ({ world, operations }) => {
  operations.note({ f: "broker-kill", who: "broker-1", detail: "SIGTERM" });
  await world.stack.stopKafka("SIGTERM");
  await world.stack.startKafka();
  operations.note({ f: "broker-start", who: "broker-1" });
  return { target: null, who: ["broker-1"], scope: "all" };
};

/** The registry is killed; a delivery process starts without it. */
export const registryOutage: Fault = async ({ world, pool, operations, pause }) => {
  operations.note({ f: "registry-down", who: "registry" });
  await world.stack.stopRegistry("SIGKILL");
  const [oldest] = pool.running;
  if (oldest !== undefined) await pool.terminate(oldest);
  const fresh = await pool.start();
  await pause(AWAY_MS);
  await world.stack.startRegistry();
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
