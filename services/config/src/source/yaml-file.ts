import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Position, ProblemList } from "../problems.ts";
import { codeOf } from "./config-files.ts";
import { interpolate, type ReferenceSource } from "./interpolation.ts";
import {
  pathText,
  type Path,
  type ScalarNode,
  type SourceEntry,
  type SourceNode,
} from "./source-node.ts";

/** Aliases can multiply nodes without bound; no real configuration comes near this. */
const NODES_MAX = 100_000;
const DEPTH_MAX = 64;

/** Reads a YAML file into a tree; null when there is none to go on with. Everything wrong goes to `problems`. */
export async function readYamlFile(
  file: string,
  source: ReferenceSource,
  problems: ProblemList,
): Promise<SourceNode | null> {
  let text: string;
  try {
    text = await source.files.read(file);
  } catch (error) {
    const message = `cannot be read (${codeOf(error)})`;
    problems.add({ file, line: 1, column: 1, path: "", message });
    return null;
  }
  return await parseYaml({ file, text }, source, problems);
}

/** As {@link readYamlFile}, of a text at hand. */
export async function parseYaml(
  { file, text }: { readonly file: string; readonly text: string },
  source: ReferenceSource,
  problems: ProblemList,
): Promise<SourceNode | null> {
  return await new YamlReader(file, { text, source, problems }).read();
}

class YamlReader {
  private readonly file: string;
  private readonly lines = new LineCounter();
  private readonly document: Document.Parsed;
  private readonly source: ReferenceSource;
  private readonly problems: ProblemList;
  private nodeCount = 0;
  private wasTooMuch = false;

  constructor(
    file: string,
    of: { readonly text: string; readonly source: ReferenceSource; readonly problems: ProblemList },
  ) {
    this.file = file;
    this.source = of.source;
    this.problems = of.problems;
    this.document = parseDocument(of.text, {
      lineCounter: this.lines,
      prettyErrors: false,
      // Duplicate keys are reported here, where the earlier one can be named.
      uniqueKeys: false,
    });
  }

  async read(): Promise<SourceNode | null> {
    for (const { pos, message } of this.document.errors) {
      this.problem(this.positionOf(pos[0]), [], `broken YAML: ${message}`);
    }
    if (this.document.errors.length > 0) return null;
    // A tag that nobody knows, for one: what it was to say would be dropped.
    for (const { pos, message } of this.document.warnings) {
      this.problem(this.positionOf(pos[0]), [], message);
    }
    const root = this.document.contents;
    if (isMap(root)) return await this.nodeOf(root, []);
    this.problem(this.positionOf(0), [], "the file holds no keys");
    return null;
  }

  private async nodeOf(node: Node | null | undefined, path: Path): Promise<SourceNode> {
    const position = this.positionOf(node?.range?.[0] ?? 0);
    if (this.isTooMuch(position, path)) return nothing(position);
    if (isAlias(node)) {
      const resolved = node.resolve(this.document);
      if (resolved !== undefined) return await this.nodeOf(resolved, path);
      this.problem(position, path, `no anchor &${node.source} stands before this alias`);
      return nothing(position);
    }
    if (isMap(node)) return await this.mapOf(node, path, position);
    if (isSeq(node)) {
      const items: SourceNode[] = [];
      for (const [index, item] of node.items.entries()) {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- yaml types items as unknown
        items.push(await this.nodeOf(item as Node | null, [...path, index]));
      }
      return { kind: "list", position, items };
    }
    return isScalar(node) ? await this.scalarOf(node, path, position) : nothing(position);
  }

  private async mapOf(node: YAMLMap, path: Path, position: Position): Promise<SourceNode> {
    const entries: SourceEntry[] = [];
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- what the parser makes
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const keyPosition = this.positionOf(pair.key.range?.[0] ?? 0);
      const key = this.keyOf(pair.key, keyPosition, path);
      if (key === null) continue;
      const earlier = entries.find((entry) => entry.key === key);
      if (earlier !== undefined) {
        const message = `the key stands twice, first on line ${earlier.keyPosition.line}`;
        this.problem(keyPosition, [...path, key], message);
        continue;
      }
      const value = await this.nodeOf(pair.value, [...path, key]);
      const at = pair.value === null ? { ...value, position: keyPosition } : value;
      entries.push({ key, keyPosition, value: at });
    }
    return { kind: "map", position, entries };
  }

  private keyOf(key: Node, position: Position, path: Path): string | null {
    const value = isScalar(key) ? key.value : undefined;
    if (typeof value === "string" && value !== "__proto__") return value;
    if (typeof value === "number" || typeof value === "boolean") {
      return (isScalar(key) ? key.source : undefined) ?? String(value);
    }
    this.problem(position, path, "a key must be plain text, and not __proto__");
    return null;
  }

  private async scalarOf(node: Scalar, path: Path, position: Position): Promise<ScalarNode> {
    const { value } = node;
    if (typeof value === "string") {
      const filled = await interpolate(value, { file: this.file, path }, this.source);
      for (const message of filled.problems) this.problem(position, path, message);
      const { shown } = filled;
      return { kind: "scalar", position, value: filled.value, written: value, shown };
    }
    if (typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", position, value, written: null, shown: value };
    }
    if (value !== null) this.problem(position, path, "write it as a string, in quotes");
    return nothing(position);
  }

  private isTooMuch(position: Position, path: Path): boolean {
    this.nodeCount += 1;
    if (this.nodeCount <= NODES_MAX && path.length <= DEPTH_MAX) return false;
    if (!this.wasTooMuch)
      this.problem(position, path.slice(0, 2), "too large or too deeply nested");
    this.wasTooMuch = true;
    return true;
  }

  private positionOf(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  private problem(position: Position, path: Path, message: string): void {
    this.problems.add({ ...position, path: pathText(path), message });
  }
}

function nothing(position: Position): ScalarNode {
  return { kind: "scalar", position, value: null, written: null, shown: null };
}
