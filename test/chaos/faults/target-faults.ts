/** Faults of a target: the first one of the world. */
import { HEALTHY, type TargetScript } from "../target/target-script.ts";
import type { Fault, FaultOutcome, FaultScene } from "./fault.ts";

/** Every call is answered 503. */
export const serverErrors: Fault = (scene) =>
  follow(scene, 8_000, {
    faults: [{ share: 1, end: { kind: "status", status: 503, retryAfterSeconds: null } }],
  });

async function follow(
  { world, operations, pause }: FaultScene,
  ms: number,
  script: Partial<TargetScript>,
): Promise<FaultOutcome> {
  const [first] = world.targets;
  if (first === undefined) throw new Error("a world without targets");
  const { name } = first.target;
  operations.note({ f: "target-fault", who: name, target: name, detail: JSON.stringify(script) });
  await first.target.script({ ...HEALTHY, ...script });
  await pause(ms);
  await first.target.script(HEALTHY);
  operations.note({ f: "target-heal", who: name, target: name });
  return { target: name, who: [], scope: "target" };
}
