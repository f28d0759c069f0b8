import type { Subject } from "../subjects/subject.ts";

/** Has every subject run once in each round, one after the other, so that a slow moment of the machine hits all of them. */
export async function inTurn<Run>(
  rounds: readonly string[],
  subjects: readonly Subject[],
  run: (subject: Subject, round: string) => Promise<Run>,
): Promise<ReadonlyMap<Subject, Run[]>> {
  const runs = new Map(subjects.map((subject) => [subject, [] as Run[]]));
  for (const round of rounds) {
    for (const subject of subjects) runs.get(subject)?.push(await run(subject, round));
  }
  return runs;
}
