/** What `millrace why` says of the targets of a world, and doing what it says. */
import type { Cause, CauseKind } from "@millrace/diagnosis";
import { expect } from "vitest";
import { millrace } from "./cli-command.ts";
import type { World } from "./delivery-world.ts";
import { until } from "./until.ts";

/** Of whom is asked, and with what. */
export interface WhyOptions {
  /** Default: `crm`. */
  readonly target?: string;
  /** Laid over the environment of the command. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What {@link untilCauses} does besides. */
export interface WaitOptions extends WhyOptions {
  /** Done before each look. */
  readonly meanwhile?: () => Promise<void>;
}

/** The causes of a target, as `-o json` has them. */
export async function why(
  world: World,
  { target = "crm", env = {} }: WhyOptions = {},
): Promise<readonly Cause[]> {
  const command = ["why", target, "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const document: unknown = JSON.parse(stdout);
  expect(document).toMatchObject({ apiVersion: "millrace/v1", kind: "Diagnosis", target });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
  return (document as { readonly causes: readonly Cause[] }).causes;
}

/** Waits until the causes of a target are these, in this order. */
export async function untilCauses(
  world: World,
  kinds: readonly CauseKind[],
  options: WaitOptions = {},
): Promise<readonly Cause[]> {
  const { target = "crm", meanwhile = () => Promise.resolve() } = options;
  let causes: readonly Cause[] = [];
  await until(
    kinds.length === 0 ? `no cause of ${target}` : `causes of ${target}: ${kinds.join(", ")}`,
    async () => {
      await meanwhile();
      causes = await why(world, options);
      return causes.map(({ kind }) => kind).join() === kinds.join();
    },
    { deadlineMs: 120_000, seen: () => `found ${JSON.stringify(causes)}` },
  );
  return causes;
}

/** Waits until one cause is found, of this kind, and no other. */
export async function untilAlone(
  world: World,
  kind: CauseKind,
  options: WaitOptions = {},
): Promise<Cause> {
  const [cause] = await untilCauses(world, [kind], options);
  if (cause === undefined) throw new Error(`no cause ${kind}`);
  expect(cause.target).toBe(options.target ?? "crm");
  return cause;
}

/** Waits until nothing holds these targets up. */
export async function untilWell(world: World, targets: readonly string[] = ["crm"]): Promise<void> {
  await Promise.all(targets.map((target) => untilCauses(world, [], { target })));
}

/** Runs the commands that a cause says to run, each to its end, in their order. */
export async function follow(world: World, { next }: Cause): Promise<void> {
  const commands = Array.from(next.matchAll(/\bmillrace ([^;]+)/gu), ([, text = ""]) => text);
  expect(commands, next).not.toEqual([]);
  for (const command of commands) {
    const args = [...command.trim().split(" "), "-c", world.configPath, "--yes"];
    const { code, stderr } = await millrace(args, { cwd: world.folder });
    expect({ command, code, stderr }).toMatchObject({ code: 0 });
  }
}
