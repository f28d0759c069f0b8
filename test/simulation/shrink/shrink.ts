/** Makes a failing seed small: leaves out whatever the same broken promise does not need. */
import type { InvariantId } from "../../checker/verdict.ts";
import { runSeed, type SeedRun } from "../seed-run.ts";
import type { FaultName } from "../world/plan/draws.ts";
import type { FaultClass } from "../world/plan/fault-classes.ts";
import type { OperationPlan, Plan } from "../world/plan/plan.ts";
import { ddmin } from "./ddmin.ts";
import { withoutClass } from "./without-class.ts";

/** Longest time spent, ms; what was reached by then is good enough to read. */
const SHRINK_MS_MAX = 60_000;

/** A failing seed, made small. */
export interface Shrunk {
  readonly run: SeedRun;
  readonly plan: Plan;
  /** Faults of the plan that are not needed. */
  readonly suppressed: ReadonlySet<FaultName>;
  /** Runs it took. */
  readonly runCount: number;
}

/** Shrinks the plan of a run that broke `invariant`; any of its other breaches may go. */
export async function shrink(
  { plan, faults }: SeedRun,
  invariant: InvariantId | null,
): Promise<Shrunk> {
  const shrinker = new Shrinker(plan, faults, invariant);
  await shrinker.shrink();
  return shrinker.result();
}

class Shrinker {
  readonly #invariant: InvariantId | null;
  readonly #endsAt = performance.now() + SHRINK_MS_MAX;
  #plan: Plan;
  #kept: readonly FaultName[];
  #all: readonly FaultName[];
  #runCount = 0;

  constructor(plan: Plan, faults: readonly FaultName[], invariant: InvariantId | null) {
    this.#plan = plan;
    this.#kept = faults;
    this.#all = faults;
    this.#invariant = invariant;
  }

  async shrink(): Promise<void> {
    await this.#leaveOutClasses();
    await this.#leaveOutTargets();
    await this.#lessenSlots();
    await this.#leaveOutEvents();
    await this.#leaveOutOperations();
    await this.#leaveOutFaults();
    await this.#leaveOutEvents();
  }

  async result(): Promise<Shrunk> {
    const suppressed = this.#suppressedBy(this.#kept);
    const run = await runSeed(this.#plan.seed, { plan: this.#plan, suppressed, traces: "shown" });
    return { run, plan: this.#plan, suppressed, runCount: this.#runCount };
  }

  async #leaveOutClasses(): Promise<void> {
    const fixed = this.#plan;
    const of = (classes: readonly FaultClass[]): Plan =>
      [...fixed.classes].filter((one) => !classes.includes(one)).reduce(withoutClass, fixed);
    const kept = await ddmin([...fixed.classes], (classes) => this.#fails(of(classes)));
    this.#plan = of(kept);
  }

  async #leaveOutTargets(): Promise<void> {
    for (const target of this.#plan.targets) {
      const targets = this.#plan.targets.filter((one) => one !== target);
      const operations = this.#plan.operations.filter(
        (operation) => !("target" in operation) || operation.target !== target.name,
      );
      if (targets.length > 0) await this.#tryPlan({ ...this.#plan, targets, operations });
    }
  }

  async #lessenSlots(): Promise<void> {
    for (let slotCount = 1; slotCount < this.#plan.slotCount; slotCount += 1) {
      const operations = this.#plan.operations.filter(
        (operation) => !("slot" in operation) || operation.slot < slotCount,
      );
      if (await this.#tryPlan({ ...this.#plan, slotCount, operations })) return;
    }
  }

  async #leaveOutEvents(): Promise<void> {
    const fixed = this.#plan;
    const events = await ddmin(fixed.events, (some) => this.#fails({ ...fixed, events: some }));
    this.#plan = { ...fixed, events };
  }

  async #leaveOutOperations(): Promise<void> {
    const fixed = this.#plan;
    const starts = fixed.operations.filter(({ kind }) => kind === "start");
    const others = fixed.operations.filter(({ kind }) => kind !== "start");
    const of = (some: readonly OperationPlan[]): Plan => ({
      ...fixed,
      operations: [...starts, ...some],
    });
    const kept = await ddmin(others, (some) => this.#fails(of(some)));
    this.#plan = of(kept);
  }

  async #leaveOutFaults(): Promise<void> {
    const { faults } = await this.#run(this.#plan, this.#suppressedBy(this.#kept));
    this.#all = faults;
    this.#kept = await ddmin(faults, async (some) =>
      this.#isSame(await this.#run(this.#plan, this.#suppressedBy(some))),
    );
  }

  async #tryPlan(plan: Plan): Promise<boolean> {
    if (!(await this.#fails(plan))) return false;
    this.#plan = plan;
    return true;
  }

  async #fails(plan: Plan): Promise<boolean> {
    if (performance.now() > this.#endsAt) return false;
    return this.#isSame(await this.#run(plan, this.#suppressedBy(this.#kept)));
  }

  #run(plan: Plan, suppressed: ReadonlySet<FaultName>): Promise<SeedRun> {
    this.#runCount += 1;
    return runSeed(plan.seed, { plan, suppressed });
  }

  /** Whether it breaks the same promise, or where none was broken, whether a driver gives up again. */
  #isSame({ broken, result }: SeedRun): boolean {
    return this.#invariant === null ? result.failures.length > 0 : broken.includes(this.#invariant);
  }

  #suppressedBy(kept: readonly FaultName[]): ReadonlySet<FaultName> {
    const names = new Set(kept);
    return new Set(this.#all.filter((name) => !names.has(name)));
  }
}
