export type * from "./config.ts";
export { loadConfig } from "./load-config.ts";
export { loadServers } from "./load-servers.ts";
export type { LoadOptions } from "./main-file.ts";
export {
  defineTarget,
  type ModuleRequest,
  type TargetEvent,
  type TargetModule,
} from "./mapping/target-module.ts";
export { configJsonSchema } from "./options/file-options.ts";
export {
  controlTopic,
  deliveriesTopic,
  groupId,
  journalSubject,
  ownTopicNames,
  ownTopics,
  stateTopic,
  type OwnTopics,
} from "./own-topics.ts";
export { printableConfig } from "./printable-config.ts";
export { formatProblems, type ConfigProblem, type Position } from "./problems.ts";
