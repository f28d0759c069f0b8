/** What a Node program that stands for a peer is told: one argument, a JSON document. */
export interface PeerOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly group: string;
  /** Where every event is to be posted. */
  readonly url: string;
  readonly inFlight: number;
  readonly schemaFile: string;
  readonly catalogPath: string;
  /** Events of the run, and their keys. */
  readonly eventCount: number;
  readonly keyCount: number;
  readonly partitionCount: number;
  /** What differs from the defaults, by the names that options have; each program says which it knows. */
  readonly tuning: Readonly<Record<string, number>>;
}

/** Reads them. */
export function readPeerOptions(): PeerOptions {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the harness wrote it
  return JSON.parse(process.argv[2] ?? "") as PeerOptions;
}

/** Whoever started this program is gone when its input ends. It keeps no program that is through. */
export function endWithHarness(): void {
  process.stdin
    .on("end", () => process.exit(0))
    .resume()
    .unref();
}
