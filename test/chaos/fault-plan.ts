import { SeededRandom } from "../support/seeded-random.ts";
import { DRAWN_FAULT_NAMES, type FaultName } from "./faults/fault-name.ts";
import type { Profile } from "./profile.ts";

/** Prime to the number of optional faults: kinds that stand together in the list do not come together in a run. */
const STRIDE = 5;

/** The faults of a run, in order. The optional ones take turns over the seeds, so that a few seeds have them all. */
export function planFaults(profile: Profile, seed: number): readonly FaultName[] {
  const { faults, rounds, brokerCount } = profile;
  if (faults.kind === "listed") return faults.names;
  const random = new SeededRandom(seed);
  const optional = DRAWN_FAULT_NAMES.filter(
    (name) => !faults.always.includes(name) && (brokerCount > 1 || name !== "leader-chase"),
  );
  const count = Math.min(faults.drawnCount, optional.length);
  const drawn = Array.from({ length: count }, (_, index) => {
    return optional[(((seed - 1) * count + index) * STRIDE) % optional.length];
  }).filter((name) => name !== undefined);
  return Array.from({ length: rounds }, () =>
    shuffled([...faults.always, ...drawn], random),
  ).flat();
}

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)).flat();
}
