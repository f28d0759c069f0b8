import { NONE } from "./rows.ts";

/** Numbers for names, from 0 in the order they come; NONE for null. */
export class Names {
  readonly #keys = new Map<string, number>();
  readonly #jobs = new Map<string, number>();

  keyOf(key: string | null): number {
    return key === null ? NONE : numberOf(this.#keys, key);
  }

  jobOf(job: string | null): number {
    return job === null ? NONE : numberOf(this.#jobs, job);
  }
}

/** The number of a name, a new one at first sight. */
export function numberOf(names: Map<string, number>, name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size);
  return names.size - 1;
}
