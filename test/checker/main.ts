/** `npm run check -- <folder> [-o json]`: judges a recorded history again. Exits 0 clean, 1 broken, 2 inconclusive. */
import { parseArgs } from "node:util";
import { check } from "./check.ts";
import { HistoryFolder, HistoryUnreadable } from "./history-folder.ts";
import { reportOf } from "./report.ts";
import type { Verdict } from "./verdict.ts";

const USAGE = "usage: npm run check -- <folder of a history> [-o table|json]\n";
const EXIT_CODES: Readonly<Record<Verdict["result"], number>> = {
  clean: 0,
  broken: 1,
  inconclusive: 2,
};

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  const wish = readArguments(args);
  if (wish === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    const verdict = check(new HistoryFolder(wish.folder));
    const text = wish.isJson ? `${JSON.stringify(verdict, null, 2)}\n` : reportOf(verdict);
    process.stdout.write(text);
    return EXIT_CODES[verdict.result];
  } catch (error) {
    if (!(error instanceof HistoryUnreadable)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

function readArguments(args: readonly string[]): { folder: string; isJson: boolean } | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { output: { type: "string", short: "o", default: "table" } },
    });
    const [folder] = positionals;
    const isKnown = values.output === "table" || values.output === "json";
    if (folder === undefined || positionals.length > 1 || !isKnown) return null;
    return { folder, isJson: values.output === "json" };
  } catch {
    return null;
  }
}
