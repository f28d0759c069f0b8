import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";

/** A line with its time. */
interface Timed {
  readonly at: number;
}

/** Reads a file of JSON lines, one after the other; a file that is not there has none. */
export async function* readLines<Line>(path: string): AsyncGenerator<Line> {
  if (!existsSync(path)) return;
  for await (const text of createInterface({ input: createReadStream(path, "utf8") })) {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- files of this run
    if (text !== "") yield JSON.parse(text) as Line;
  }
}

/** Merges sources that ascend in `at` each; of equals, the earlier source's come first. */
export async function* mergeLines<Line extends Timed>(
  sources: readonly AsyncIterator<Line>[],
): AsyncGenerator<Line> {
  const heads: (Line | null)[] = [];
  const advance = async (index: number): Promise<void> => {
    const next = await sources[index]?.next();
    heads[index] = next?.done === false ? next.value : null;
  };
  for (const index of sources.keys()) await advance(index);
  for (;;) {
    let first = -1;
    for (const [index, head] of heads.entries()) {
      if (head !== null && head.at < (heads[first]?.at ?? Infinity)) first = index;
    }
    const line = heads[first];
    if (line === null || line === undefined) return;
    yield line;
    await advance(first);
  }
}
