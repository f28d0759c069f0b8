import { MillraceError } from "@millrace/engine";
import { mainFileOptions, type MainFileOptions } from "./options/file-options.ts";
import { readOptions } from "./options/read-options.ts";
import { ProblemList, type ConfigProblem } from "./problems.ts";
import { codeOf, diskFiles, type ConfigFiles } from "./source/config-files.ts";
import type { ConfigFile } from "./source/included-files.ts";
import type { ReferenceSource } from "./source/interpolation.ts";
import { Secrets } from "./source/secrets.ts";
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

/** The file named on the command line, read; its targets are not yet looked at. */
export interface MainFile extends ConfigFile {
  readonly options: MainFileOptions;
  readonly source: ReferenceSource;
  /** What is wrong so far. */
  readonly problems: ProblemList;
}

/** What stands in for the required field while the rest is checked. */
const STAND_INS = { apiVersion: "millrace/v1" };

/**
 * Reads the main file.
 * @param isUsed whether references at a path are to be filled.
 * @throws MillraceError `CONFIG_MISSING` when it is not there, `CONFIG_UNREADABLE` when it is and cannot be read,
 * `CONFIG_INVALID` when nothing can be made of it.
 */
export async function openMainFile(
  file: string,
  how: LoadOptions,
  isUsed: ReferenceSource["isUsed"],
): Promise<MainFile> {
  const secrets = new Secrets();
  const problems = new ProblemList((text) => secrets.maskText(text));
  const source = {
    env: how.env ?? process.env,
    files: how.files ?? diskFiles,
    secrets,
    isOffline: how.secrets === "masked",
    isUsed,
  };
  const text = await textOf(file, source.files);
  const root = await parseYaml({ file, text }, source, problems);
  if (root === null) throw problems.toError();
  const read = readOptions(mainFileOptions, { root, path: [] }, { problems, standIns: STAND_INS });
  if (read === null) throw problems.toError();
  return { file, root, options: read.options, source, problems };
}

async function textOf(path: string, files: ConfigFiles): Promise<string> {
  try {
    return await files.read(path);
  } catch (error) {
    const why = codeOf(error);
    const message = `configuration cannot be read: ${path} (${why})`;
    const problem: ConfigProblem = { file: path, line: 1, column: 1, path: "", message };
    const details = { problems: [problem] };
    const code = why === "ENOENT" ? "CONFIG_MISSING" : "CONFIG_UNREADABLE";
    throw new MillraceError(code, message, { cause: error, details });
  }
}
