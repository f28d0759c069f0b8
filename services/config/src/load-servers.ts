import type { Catalog } from "@millrace/schemas";
import type { ServersConfig } from "./config.ts";
import { deepFreeze } from "./freeze.ts";
import { openMainFile, type LoadOptions, type MainFile } from "./main-file.ts";
import { ownTopicNames } from "./own-topics.ts";
import { readCatalog } from "./read-catalog.ts";
import { resolveKafka, resolveRegistry, type ServerContext } from "./resolve-servers.ts";
import { pathText, positionAt, type Path } from "./source/source-node.ts";

const DEFAULT_NAMESPACE = "millrace";
const TARGETS_KEYS: ReadonlySet<unknown> = new Set(["targets", "include"]);

/**
 * Reads of `millrace.yaml` what a process without targets works with. Targets are not looked at, and neither secrets nor
 * files nor variables that only they name have to be there; the rest is checked as `loadConfig` does. The result is
 * frozen.
 * @throws MillraceError as `loadConfig` does.
 */
export async function loadServers(path: string, how: LoadOptions = {}): Promise<ServersConfig> {
  const main = await openMainFile(path, how, ([key]) => !TARGETS_KEYS.has(key));
  const servers = await readServers(main);
  reportOwnTopics(main, { ...servers, targets: Object.keys(main.options.targets ?? {}) });
  const { catalog } = servers;
  if (catalog === null || !main.problems.isEmpty) throw main.problems.toError();
  return deepFreeze({ ...servers, catalog, catalogPath: catalog.path });
}

/** A configuration but for its targets; without a catalog where that does not hold. */
export type Servers = Omit<ServersConfig, "catalog" | "catalogPath"> & {
  readonly catalog: Catalog | null;
};

/** What a main file says of servers and contracts. Everything wrong goes to its problems. */
export async function readServers(main: MainFile): Promise<Servers> {
  const { options, source, problems } = main;
  const context = { env: source.env, problem: problemIn(main) };
  return {
    namespace: options.namespace ?? DEFAULT_NAMESPACE,
    catalog: await readCatalog(main, options, problems),
    kafka: resolveKafka(options.kafka ?? {}, context),
    registry: resolveRegistry(options.registry ?? {}, context),
    secrets: source.secrets,
  };
}

/** Reports topics of the catalog that are Millrace's own. */
export function reportOwnTopics(
  main: MainFile,
  of: Pick<Servers, "namespace" | "catalog"> & { readonly targets: Iterable<string> },
): void {
  const problem = problemIn(main);
  for (const name of ownTopicNames(of.namespace, of.targets)) {
    if (of.catalog?.topics.has(name) !== true) continue;
    problem(["namespace"], `the catalog has the topic ${name}, which is one of Millrace's own`);
  }
}

function problemIn({ root, problems }: MainFile): ServerContext["problem"] {
  return (path: Path, message) => {
    problems.add({ ...positionAt(root, path), path: pathText(path), message });
  };
}
