/** Where a process spent its time, by areas, out of the profile that `node --cpu-prof` writes. */

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** What V8 writes: a tree of calls, and which of its nodes ran at each sample. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** us of the machine's monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** From the sample before to each, us. */
  readonly timeDeltas: readonly number[];
}

/** A part of the program: functions of these files. What they call in Node and native code is theirs. */
export interface Area {
  readonly name: string;
  readonly files: RegExp;
}

const GARBAGE = "garbage collection";
const PROGRAM = "native code outside of calls";
const NODE = "Node's event loop";

/** V8's own names of what is no function. */
const OWN_NAMES: ReadonlyMap<string, string | null> = new Map([
  ["(garbage collector)", GARBAGE],
  ["(program)", PROGRAM],
  ["(idle)", null],
]);

/**
 * Time by area, us, in a span of the monotonic clock.
 * @param areas the first that fits a function's file is its area.
 */
export function timeByArea(
  profile: CpuProfile,
  { areas, fromUs, toUs }: { areas: readonly Area[]; fromUs: number; toUs: number },
): ReadonlyMap<string, number> {
  const areaOf = areasOfNodes(profile.nodes, areas);
  const times = new Map<string, number>();
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    at += deltaUs;
    const area = areaOf.get(id);
    if (at < fromUs || at > toUs || area === undefined || area === null) continue;
    times.set(area, (times.get(area) ?? 0) + deltaUs);
  }
  return times;
}

/** By a node's id: its own area, or that of the nearest call above that has one. Null: idle. */
function areasOfNodes(
  nodes: readonly ProfileNode[],
  areas: readonly Area[],
): ReadonlyMap<number, string | null> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Map<number, string | null>();
  const [root] = nodes;
  const open: { node: ProfileNode; above: string }[] = [];
  if (root !== undefined) open.push({ node: root, above: NODE });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { functionName, url } = next.node.callFrame;
    const own = OWN_NAMES.get(functionName);
    const area = areas.find(({ files }) => files.test(url))?.name ?? next.above;
    found.set(next.node.id, own === undefined ? area : own);
    for (const id of next.node.children ?? []) {
      const node = byId.get(id);
      if (node !== undefined) open.push({ node, above: area });
    }
  }
  return found;
}
