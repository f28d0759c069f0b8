import { dirname, isAbsolute, join, normalize } from "node:path";
import { includedFileOptions, type MainFileOptions } from "../options/file-options.ts";
import { readOptions } from "../options/read-options.ts";
import type { ProblemList } from "../problems.ts";
import type { ReferenceSource } from "./interpolation.ts";
import { nodeAt, pathText, positionAt, type SourceNode } from "./source-node.ts";
import { readYamlFile } from "./yaml-file.ts";

/** Far more than anyone has; globs in globs end somewhere. */
const FILES_MAX = 1_000;

/** A configuration file, read. */
export interface ConfigFile {
  readonly file: string;
  readonly root: SourceNode;
}

/** The files that a file includes, and those that they include, in order; each once. */
export async function readIncludedFiles(
  main: ConfigFile & { readonly options: Pick<MainFileOptions, "include"> },
  source: ReferenceSource,
  problems: ProblemList,
): Promise<readonly ConfigFile[]> {
  const reader = new IncludeReader(source, problems);
  await reader.include(main, main.options.include ?? [], [normalize(main.file)]);
  return reader.found;
}

class IncludeReader {
  readonly found: ConfigFile[] = [];
  private readonly seen = new Set<string>();
  private readonly source: ReferenceSource;
  private readonly problems: ProblemList;

  constructor(source: ReferenceSource, problems: ProblemList) {
    this.source = source;
    this.problems = problems;
  }

  /** @param chain The files on the way here, this one last. */
  async include(
    from: ConfigFile,
    patterns: readonly string[],
    chain: readonly string[],
  ): Promise<void> {
    for (const [index, pattern] of patterns.entries()) {
      for (const file of await this.filesOf(from, pattern, index)) {
        if (chain.includes(file)) {
          this.problem(from, index, `includes itself: ${[...chain, file].join(" -> ")}`);
        } else if (!this.seen.has(file)) {
          this.seen.add(file);
          await this.read(file, chain);
        }
      }
    }
  }

  private async read(file: string, chain: readonly string[]): Promise<void> {
    const { source, problems } = this;
    const root = await readYamlFile(file, source, problems);
    if (root === null) return;
    const read = readOptions(includedFileOptions, { root, path: [] }, { problems, standIns: {} });
    this.found.push({ file, root });
    await this.include({ file, root }, read?.options.include ?? [], [...chain, file]);
  }

  private async filesOf(
    from: ConfigFile,
    pattern: string,
    index: number,
  ): Promise<readonly string[]> {
    const folder = dirname(from.file);
    const inFolder = (path: string): string =>
      normalize(isAbsolute(path) ? path : join(folder, path));
    if (!/[*?[{]/.test(pattern)) return [inFolder(pattern)];
    const files = (await this.source.files.list(pattern, folder)).map(inFolder);
    if (this.seen.size + files.length <= FILES_MAX) return files;
    this.problem(from, index, `more than ${FILES_MAX} files`);
    return [];
  }

  private problem({ root }: ConfigFile, index: number, message: string): void {
    const path = ["include", index];
    const at = nodeAt(root, path)?.position ?? positionAt(root, path);
    this.problems.add({ ...at, path: pathText(path), message });
  }
}
