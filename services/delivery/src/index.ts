export { chooseTargets } from "./target-choice.ts";
export type { TargetChoice } from "./target-choice.ts";
