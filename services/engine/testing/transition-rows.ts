/** A table of transitions as SPEC.md shows it: one row for each state. */
import { LANE_TRANSITIONS } from "./lane-transitions.ts";
import { REPLAY_TRANSITIONS } from "./replay-transitions.ts";
import {
  BREAKER_TRANSITIONS,
  MEMBERSHIP_TRANSITIONS,
  type TransitionTable,
} from "./transition-table.ts";

/** Rows of all tables, `| of | state | stays on | goes to |`, without padding. */
export function transitionRows(): string[] {
  return [
    ...rowsOf("lane", LANE_TRANSITIONS),
    ...rowsOf("replay", REPLAY_TRANSITIONS),
    ...rowsOf("membership", MEMBERSHIP_TRANSITIONS),
    ...rowsOf("breaker", BREAKER_TRANSITIONS),
  ];
}

function rowsOf<State extends Next, Next extends string>(
  name: string,
  table: TransitionTable<State, Next>,
): string[] {
  return Object.entries<Readonly<Record<string, readonly string[]>>>(table).map(
    ([state, cells]) => {
      const inputs = Object.entries(cells);
      const inputsTo = (next: string): string => {
        const some = inputs.filter(([, may]) => may.includes(next)).map(([input]) => input);
        const others = inputs.filter(([, may]) => !may.includes(next)).map(([input]) => input);
        if (others.length === 0) return "any";
        return some.length > others.length ? `any but ${others.join(", ")}` : some.join(", ");
      };
      const nexts = [...new Set(inputs.flatMap(([, may]) => may))].filter((next) => next !== state);
      const byInputs = Map.groupBy(nexts, inputsTo);
      const moves = [...byInputs].map(([some, to]) => `${to.map(quote).join(", ")}: ${some}`);
      return `| ${name} | ${quote(state)} | ${inputsTo(state)} | ${moves.join("; ")} |`;
    },
  );
}

function quote(state: string): string {
  return `\`${state}\``;
}
