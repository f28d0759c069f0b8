/** Faults of the network between the delivery processes and the first target, or the brokers. */
import type { ProxyMode } from "../proxy/proxy-mode.ts";
import type { Fault, FaultOutcome, FaultScene } from "./fault.ts";
import { firstTarget } from "./first-target.ts";

/** A tenth of the answers is cut in the middle. */
export const answerResets: Fault = (scene) => disturb(scene, 6_000, { kind: "reset", share: 0.1 });

/** Everything takes longer. */
export const latency: Fault = (scene) =>
  disturb(scene, 8_000, { kind: "latency", ms: 40, jitterMs: 20 });

/** Answers come byte by byte, slower than the target's timeout allows. */
export const slowDrip: Fault = (scene) => disturb(scene, 5_000, { kind: "drip", everyMs: 100 });

/** Nothing passes, and nobody is told. */
export const halfOpen: Fault = (scene) => disturb(scene, 6_000, { kind: "half-open" });

/** The target is not there: connections are reset. */
export const deadTarget: Fault = (scene) => disturb(scene, 8_000, { kind: "refuse" });

/** Delivery processes and brokers hear nothing of each other, for longer than a session. */
export const brokersSilent: Fault = (scene) => disturbBrokers(scene, 14_000, { kind: "half-open" });

/** Connections to the brokers are reset, open ones and new ones, for less than a session. */
export const brokersRefuse: Fault = (scene) => disturbBrokers(scene, 4_000, { kind: "refuse" });

/** Everything between delivery processes and brokers takes longer. */
export const brokersSlow: Fault = (scene) =>
  disturbBrokers(scene, 8_000, { kind: "latency", ms: 80, jitterMs: 40 });

async function disturbBrokers(
  { world, operations, hold }: FaultScene,
  ms: number,
  mode: ProxyMode,
): Promise<FaultOutcome> {
  const { network } = world.servers;
  operations.note({ f: "network", who: "brokers", detail: JSON.stringify(mode) });
  await network.behave(mode);
  await hold(ms);
  await network.behave({ kind: "pass" });
  operations.note({ f: "network", who: "brokers", detail: JSON.stringify({ kind: "pass" }) });
  return { target: null, who: [], scope: "all" };
}

async function disturb(scene: FaultScene, ms: number, mode: ProxyMode): Promise<FaultOutcome> {
  const { operations, hold } = scene;
  const { target, proxy } = firstTarget(scene);
  const { name } = target;
  operations.note({ f: "network", who: name, target: name, detail: JSON.stringify(mode) });
  await proxy.behave(mode);
  await hold(ms);
  await proxy.behave({ kind: "pass" });
  operations.note({
    f: "network",
    who: name,
    target: name,
    detail: JSON.stringify({ kind: "pass" }),
  });
  return { target: name, who: [], scope: "target" };
}
