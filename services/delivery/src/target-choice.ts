import type { MillraceConfig, TargetConfig } from "@millrace/config";

/** The targets that a process is asked to run, or why there are none. */
export type TargetChoice =
  | { readonly kind: "chosen"; readonly targets: readonly TargetConfig[] }
  | { readonly kind: "refused"; readonly message: string };

/** Finds targets by name; no names mean all. */
export function chooseTargets(config: MillraceConfig, names: readonly string[]): TargetChoice {
  const known = [...config.targets.keys()];
  if (known.length === 0) {
    return { kind: "refused", message: `no targets in ${config.files.join(", ")}: add one` };
  }
  const wanted = names.length === 0 ? known : [...new Set(names)];
  const targets: TargetConfig[] = [];
  for (const name of wanted) {
    const target = config.targets.get(name);
    if (target === undefined) {
      const list = known.join(", ");
      return { kind: "refused", message: `no such target: ${name} (there are: ${list})` };
    }
    targets.push(target);
  }
  return { kind: "chosen", targets };
}
