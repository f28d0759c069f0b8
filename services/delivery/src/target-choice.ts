import { nearestHint } from "@millrace/schemas";

/** Targets by name, and the files that they stand in, the named one first. */
export interface KnownTargets<Target> {
  readonly targets: ReadonlyMap<string, Target>;
  readonly files: readonly string[];
}

/** The targets that a process is asked to run, or why there are none. */
export type TargetChoice<Target> =
  | { readonly kind: "chosen"; readonly targets: readonly Target[] }
  | { readonly kind: "refused"; readonly message: string };

/** Finds targets by name; no names mean all. */
export function chooseTargets<Target>(
  { targets: known, files }: KnownTargets<Target>,
  names: readonly string[],
): TargetChoice<Target> {
  if (known.size === 0) {
    return { kind: "refused", message: `no targets in ${files.join(", ")}: add one` };
  }
  const targets: Target[] = [];
  for (const name of names.length === 0 ? known.keys() : new Set(names)) {
    const target = known.get(name);
    if (target === undefined) return { kind: "refused", message: unknownName(name, known, files) };
    targets.push(target);
  }
  return { kind: "chosen", targets };
}

function unknownName(
  name: string,
  known: ReadonlyMap<string, unknown>,
  [file = "the configuration"]: readonly string[],
): string {
  const hint = nearestHint(name, [...known.keys()], "it has no targets");
  return `no such target in ${file}: ${name}\n  ${hint}`;
}
