import type { MillraceConfig } from "./config.ts";
import { deepFreeze } from "./freeze.ts";
import { readServers, reportOwnTopics } from "./load-servers.ts";
import { openMainFile, type LoadOptions } from "./main-file.ts";
import { readTargets } from "./read-targets.ts";
import { readIncludedFiles } from "./source/included-files.ts";

/**
 * Reads `millrace.yaml`, the files it includes and its catalog, and checks all of it. The result is frozen.
 * @throws MillraceError `CONFIG_MISSING` when the file is not there, `CONFIG_UNREADABLE` when it is and cannot be read, else
 * `CONFIG_INVALID`; everything that is wrong stands in `details.problems` (`ConfigProblem`) and in the message. No secret does.
 */
export async function loadConfig(path: string, how: LoadOptions = {}): Promise<MillraceConfig> {
  const main = await openMainFile(path, how, () => true);
  const { source, problems } = main;
  const included = await readIncludedFiles(main, source, problems);
  const servers = await readServers(main);
  const { catalog } = servers;
  const files = [main, ...included];
  const targets = await readTargets(files, { catalog, files: source.files, problems });
  reportOwnTopics(main, { ...servers, targets: targets.keys() });
  if (catalog === null || !problems.isEmpty) throw problems.toError();
  return deepFreeze({
    ...servers,
    catalogPath: catalog.path,
    catalog,
    targets,
    files: files.map(({ file }) => file),
  });
}
