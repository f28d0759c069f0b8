/** From the start of a process to its first call, with a backlog waiting. */
import type { Bench } from "../bench.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import { backlog, drain } from "./drain.ts";
import { familyRow, type FamilyRow } from "./family-row.ts";

/** Enough for a pace, no more: what is asked for is their first. */
const EVENT_COUNT = 1_000;

/** Measures ours and the peers. */
export async function measureStartUp(bench: Bench): Promise<readonly FamilyRow[]> {
  const subjects = [MILLRACE, ...bench.peers];
  const world = await backlog(bench, { namespace: "startup", eventCount: EVENT_COUNT });
  const runs = await drain(bench, world, {
    subjects,
    figuresOf: ({ startMs }) => ({ firstCallMs: startMs }),
  });
  const of = { family: "start-up", case: "first call" };
  return subjects.map((subject) =>
    familyRow({ ...of, subject: subject.name }, runs.get(subject) ?? []),
  );
}
