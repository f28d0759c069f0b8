/** All faults by name. */
import type { Fault } from "./fault.ts";
import type { FaultName } from "./fault-name.ts";
import {
  answerResets,
  brokersRefuse,
  brokersSilent,
  brokersSlow,
  deadTarget,
  halfOpen,
  latency,
  slowDrip,
} from "./network-faults.ts";
import { kill, rebalanceStorm, rollingRestart, shortStop, zombie } from "./process-faults.ts";
import { poison } from "./record-faults.ts";
import {
  brokerKill,
  brokerRestart,
  diskFull,
  gatewayKill,
  leaderChase,
  registryOutage,
} from "./server-faults.ts";
import {
  applyThenTimeout,
  flapping,
  rejectedKey,
  rejectedKeys,
  serverErrors,
  slowKey,
  someErrors,
  throttling,
  unauthorized,
  verySlowKey,
} from "./target-faults.ts";

/** What each one does. */
export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  kill,
  zombie,
  "short-stop": shortStop,
  "rolling-restart": rollingRestart,
  "rebalance-storm": rebalanceStorm,
  "broker-kill": brokerKill,
  "broker-restart": brokerRestart,
  "leader-chase": leaderChase,
  "disk-full": diskFull,
  "registry-outage": registryOutage,
  "gateway-kill": gatewayKill,
  "server-errors": serverErrors,
  "some-errors": someErrors,
  throttling,
  unauthorized,
  flapping,
  "apply-then-timeout": applyThenTimeout,
  "rejected-keys": rejectedKeys,
  "slow-key": slowKey,
  poison,
  "answer-resets": answerResets,
  latency,
  "slow-drip": slowDrip,
  "half-open": halfOpen,
  "dead-target": deadTarget,
  "brokers-silent": brokersSilent,
  "brokers-refuse": brokersRefuse,
  "brokers-slow": brokersSlow,
  "rejected-key": rejectedKey,
  "very-slow-key": verySlowKey,
};
