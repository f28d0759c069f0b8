/** What a search of a run's artefacts for planted secrets found. */
export interface CanarySearch {
  /** Everything that was searched: logs, traces, metrics, headers, pages. */
  readonly searched: readonly string[];
  readonly found: readonly CanaryHit[];
}

/** A secret or masked field where it has no place. */
export interface CanaryHit {
  readonly artefact: string;
  /** Its name, never itself. */
  readonly canary: string;
}
