import type { FaultScene } from "./fault.ts";

/** Some keys of the load, none twice; the busiest one is not among them. */
export function drawKeys({ emission, random }: FaultScene, count: number): readonly string[] {
  const keys = new Set<string>();
  const known = emission.keys;
  while (keys.size < Math.min(count, known.length - 1)) {
    const key = random.pick(known);
    if (key !== emission.hotKey) keys.add(key);
  }
  return [...keys];
}
