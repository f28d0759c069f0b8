/** Faults that a seed may draw. */
export const DRAWN_FAULT_NAMES = [
  "kill",
  "zombie",
  "short-stop",
  "rolling-restart",
  "rebalance-storm",
  "broker-kill",
  "broker-restart",
  "leader-chase",
  "disk-full",
  "registry-outage",
  "gateway-kill",
  "server-errors",
  "some-errors",
  "throttling",
  "unauthorized",
  "flapping",
  "apply-then-timeout",
  "rejected-keys",
  "slow-key",
  "poison",
  "answer-resets",
  "latency",
  "slow-drip",
  "half-open",
  "dead-target",
  "brokers-silent",
  "brokers-refuse",
  "brokers-slow",
] as const;

/** Names of the faults; the busiest key, which the last ones harm for good or for long, is of no use to others then. */
export const FAULT_NAMES = [...DRAWN_FAULT_NAMES, "rejected-key", "very-slow-key"] as const;

/** One of them. */
export type FaultName = (typeof FAULT_NAMES)[number];
