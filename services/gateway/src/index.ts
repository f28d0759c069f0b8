export { createServer, SERVER_LIMITS, type ServerLimits, type ServerPorts } from "./server.ts";
export { Readiness } from "./readiness.ts";
export { PROBLEMS, type ProblemKind } from "./problem.ts";
