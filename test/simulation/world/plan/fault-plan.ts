/** How requests of one kind to the brokers fail. Shares are of requests. */
export interface RequestFaults {
  /** Never done. */
  readonly lost: number;
  /** Done, and its answer gets lost. */
  readonly unanswered: number;
  /** Slow, there or back. */
  readonly delayed: number;
  readonly delayMaxMs: number;
  /** Done long after its client has given up, if that has sent nothing since: what a dying connection still delivers. */
  readonly late: number;
}

/** By kind of request. `produce` are dead letters and parked events, `state` the state topic's reads and writes. */
export interface BrokerFaults {
  readonly commit: RequestFaults;
  readonly produce: RequestFaults;
  readonly state: RequestFaults;
  readonly journal: RequestFaults;
  readonly fetch: RequestFaults;
  /** Joins, syncs, heartbeats that are looked at, offset reads. */
  readonly group: RequestFaults;
}

/** No faults. */
export const FAULTLESS: RequestFaults = {
  lost: 0,
  unanswered: 0,
  delayed: 0,
  delayMaxMs: 0,
  late: 0,
};
