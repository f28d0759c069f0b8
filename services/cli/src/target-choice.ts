import { nearestHint } from "@millrace/schemas";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";

/** Targets, and the configuration that they stand in, for people. */
export interface KnownTargets<Target> {
  readonly targets: ReadonlyMap<string, Target>;
  readonly origin: string;
}

/** The target of a name. @throws CliError `notFound`, with the nearest name there is. */
export function chooseTarget<Target>(
  { targets, origin }: KnownTargets<Target>,
  name: string,
): Target {
  const found = targets.get(name);
  if (found !== undefined) return found;
  throw new CliError(EXIT.notFound, `no such target in ${origin}: ${name}`, {
    hint: nearestHint(name, [...targets.keys()], "it has no targets"),
  });
}
