import { defineConfig } from "vitest/config";

const conditions = ["millrace-source", "node", "import", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions } };
/** Where a global setup runs; it resolves by its own settings. */
const environments = { __vitest__: { resolve: { conditions, externalConditions: conditions } } };

/**
 * A project of tests under `test/<name>` that talks to the real stack of `infra/local`. Each has its turn: projects of one
 * `turn` share their workers.
 */
const onStack = (
  name: string,
  { turn, workers, testTimeout }: { turn: number; workers: number; testTimeout: number },
) => ({
  resolve,
  ssr,
  environments,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: ["test/support/global-stack.ts"],
    testTimeout,
    hookTimeout: 120_000,
    maxWorkers: workers,
    sequence: { groupOrder: turn },
    // kafkajs's own client, which tests use as a second opinion, sets timers in the past.
    execArgv: ["--disable-warning=TimeoutNegativeWarning"],
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          // Unit tests touch nothing outside themselves: a fresh module graph for each file costs more than they do.
          isolate: false,
          pool: "threads",
          // A core is left idle by default, which is half of a small machine.
          maxWorkers: "100%",
          // How fast a machine is decides nothing: those that run the linter need seconds on a busy one.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: [
            "schemas/**/*.test.ts",
            "services/**/*.test.ts",
            "infra/**/*.test.ts",
            "test/boundaries/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", "**/dist/**"],
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "simulation",
          include: ["simulation", "checker", "chaos", "bench"].map(
            (name) => `test/${name}/**/*.test.ts`,
          ),
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      onStack("conformance", { turn: 1, workers: 1, testTimeout: 120_000 }),
      onStack("integration", { turn: 1, workers: 1, testTimeout: 120_000 }),
      // These mostly wait for sessions, retries and processes.
      onStack("e2e", { turn: 2, workers: 2, testTimeout: 300_000 }),
    ],
  },
});
