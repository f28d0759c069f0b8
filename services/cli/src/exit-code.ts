/** What an exit code tells the caller; the README's table says the same. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  /** Finished, but not all of it went well: invalid lines, topics that differ, a check that warns of breakage. */
  partial: 3,
  notFound: 4,
  /** Something must be there or be confirmed first. */
  precondition: 5,
  /** SIGINT or SIGTERM. */
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
