import type { Reporter, TestModule } from "vitest/node";

/** How many tests there were, by how they ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts what a run came to. A file or a group that could not be set up counts as one that failed, beside its tests,
 * which are skipped then.
 */
export function countResults(
  modules: readonly Pick<TestModule, "children" | "errors">[],
  unhandledCount: number,
): Counts {
  let passed = 0;
  let failed = unhandledCount;
  let skipped = 0;
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "failed") failed += 1;
      else skipped += 1;
    }
  }
  return { passed, failed, skipped };
}

/** Ends a run of the tests with one line: `12 passed, 0 failed, 0 skipped`. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const { passed, failed, skipped } = countResults(modules, unhandled.length);
    process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
