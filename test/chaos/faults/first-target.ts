import type { WorldTarget } from "../world.ts";
import type { FaultScene } from "./fault.ts";

/** The target that target and network faults befall; the others show that it is theirs alone. */
export function firstTarget({ world }: Pick<FaultScene, "world">): WorldTarget {
  const [first] = world.targets;
  if (first === undefined) throw new Error("a world without targets");
  return first;
}
