import { MillraceError } from "@millrace/engine";
import type { MillraceConfig } from "./config.ts";
import { deepFreeze } from "./freeze.ts";
import { mainFileOptions } from "./options/file-options.ts";
import { readOptions } from "./options/read-options.ts";
import { ownTopicNames } from "./own-topics.ts";
import { ProblemList, type ConfigProblem } from "./problems.ts";
import { readCatalog } from "./read-catalog.ts";
import { readTargets } from "./read-targets.ts";
import { resolveKafka, resolveRegistry, type ServerContext } from "./resolve-servers.ts";
import { codeOf, diskFiles, type ConfigFiles } from "./source/config-files.ts";
import { readIncludedFiles, type ConfigFile } from "./source/included-files.ts";
import { Secrets } from "./source/secrets.ts";
import { pathText, positionAt } from "./source/source-node.ts";
import { parseYaml } from "./source/yaml-file.ts";

/** How a configuration is read. */
export interface LoadOptions {
  /** Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * `masked`: secret files are left unread, and they and missing secrets are shown as `<file:path>`, so that a
   * configuration can be checked where its secrets are not. Default: `read`.
   */
  readonly secrets?: "read" | "masked";
  /** Default: the files of this machine. */
  readonly files?: ConfigFiles;
}

const DEFAULT_NAMESPACE = "millrace";
/** What stands in for the required field while the rest is checked. */
const STAND_INS = { apiVersion: "millrace/v1" };

/**
 * Reads `millrace.yaml`, the files it includes and its catalog, and checks all of it. The result is frozen.
 * @throws MillraceError `CONFIG_UNREADABLE` when the file is not there, else `CONFIG_INVALID`; everything that is wrong
 * stands in `details.problems` ({@link ConfigProblem}) and in the message. No secret does.
 */
export async function loadConfig(path: string, how: LoadOptions = {}): Promise<MillraceConfig> {
  const secrets = new Secrets();
  const problems = new ProblemList((text) => secrets.maskText(text));
  const source = {
    env: how.env ?? process.env,
    files: how.files ?? diskFiles,
    secrets,
    isOffline: how.secrets === "masked",
  };
  const text = await readMainFile(path, source.files);
  const root = await parseYaml({ file: path, text }, source, problems);
  if (root === null) throw problems.toError();
  const main = { file: path, root };
  const read = readOptions(mainFileOptions, { root, path: [] }, { problems, standIns: STAND_INS });
  if (read === null) throw problems.toError();
  const { options } = read;
  const included = await readIncludedFiles({ ...main, options }, source, problems);
  const catalog = await readCatalog(main, options, problems);
  const files = [main, ...included];
  const targets = await readTargets(files, { catalog, files: source.files, problems });
  const namespace = options.namespace ?? DEFAULT_NAMESPACE;
  const context = { env: source.env, problem: problemIn(main, problems) };
  const kafka = resolveKafka(options.kafka ?? {}, context);
  const registry = resolveRegistry(options.registry ?? {}, context);
  for (const name of ownTopicNames(namespace, targets.keys())) {
    if (catalog?.topics.has(name) !== true) continue;
    context.problem(
      ["namespace"],
      `the catalog has the topic ${name}, which is one of Millrace's own`,
    );
  }
  if (catalog === null || !problems.isEmpty) throw problems.toError();
  return deepFreeze({
    namespace,
    catalogPath: catalog.path,
    catalog,
    kafka,
    registry,
    targets,
    files: files.map(({ file }) => file),
    secrets,
  });
}

async function readMainFile(path: string, files: ConfigFiles): Promise<string> {
  try {
    return await files.read(path);
  } catch (error) {
    const message = `configuration cannot be read: ${path} (${codeOf(error)})`;
    const problem: ConfigProblem = { file: path, line: 1, column: 1, path: "", message };
    const details = { problems: [problem] };
    throw new MillraceError("CONFIG_UNREADABLE", message, { cause: error, details });
  }
}

function problemIn({ root }: ConfigFile, problems: ProblemList): ServerContext["problem"] {
  return (path, message) => {
    problems.add({ ...positionAt(root, path), path: pathText(path), message });
  };
}
