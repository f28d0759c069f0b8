import { isPaused } from "../guards/pause.ts";
import type { EngineState } from "../state.ts";

/** Whether attempts and writes may begin at all: not without membership, in a drain, a generation that is over, a pause. */
export function mayBegin<P>({ membership, isGenerationOver, hold }: EngineState<P>): boolean {
  return membership === "active" && !isGenerationOver && !isPaused(hold);
}
