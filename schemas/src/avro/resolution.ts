/**
 * Whether data of one schema can be read as another: Avro's schema resolution, as a list of all that stands against it.
 * avsc's resolver stops at the first and says little of where; it also lets two things pass that Avro allows and a
 * pipeline must not: bytes that get another meaning (`altered`: milliseconds read as microseconds) and values that are
 * replaced (`lossy`: an enum symbol that is gone and reads as the default).
 * Source: Avro 1.12 specification, "Schema Resolution".
 */
import {
  branchName,
  type EnumNode,
  type FieldNode,
  type FixedNode,
  type RecordNode,
  type SchemaNode,
} from "./schema-node.ts";
import { typeText } from "./type-text.ts";

/** One reason against reading a writer's data as a reader. */
export interface ResolutionProblem {
  readonly kind: "unreadable" | "altered" | "lossy";
  /** The place in the data, such as `lines[].unitPrice`; empty at the root. */
  readonly path: string;
  /** A sentence that names the place. */
  readonly detail: string;
}

/** All that stands against reading `writer`'s data as `reader`; empty when it can be. */
export function resolutionProblems(
  reader: SchemaNode,
  writer: SchemaNode,
): readonly ResolutionProblem[] {
  const problems = new Comparison().compare({ reader, writer, path: "" });
  // One record in two places says the same of both.
  return [...new Map(problems.map((problem) => [problem.detail, problem])).values()];
}

interface Pair {
  readonly reader: SchemaNode;
  readonly writer: SchemaNode;
  readonly path: string;
}

class Comparison {
  /**
   * Pairs of records that were met, with what was found; none yet while a pair is being compared, since recursive schemas
   * meet themselves. Kept so that a schema that names its records often costs no more than one that does not.
   */
  private readonly met = new Map<SchemaNode, Map<SchemaNode, readonly ResolutionProblem[]>>();

  compare(pair: Pair): readonly ResolutionProblem[] {
    const { reader, writer, path } = pair;
    if (writer.kind === "union") {
      return writer.branches.flatMap((branch) => this.compare({ ...pair, writer: branch }));
    }
    if (reader.kind === "union") return this.compareBranches(reader.branches, pair);
    if (reader.kind === "record" && writer.kind === "record") {
      return this.compareRecords({ reader, writer }, path);
    }
    if (reader.kind === "array" && writer.kind === "array") {
      return this.compare({ reader: reader.items, writer: writer.items, path: `${path}[]` });
    }
    if (reader.kind === "map" && writer.kind === "map") {
      return this.compare({ reader: reader.values, writer: writer.values, path: `${path}{}` });
    }
    if (reader.kind === "enum" && writer.kind === "enum") {
      return compareEnums({ reader, writer }, path);
    }
    return compareLeaves(pair);
  }

  /** The branch of the same name decides; else the first that can read it. */
  private compareBranches(
    branches: readonly SchemaNode[],
    pair: Pair,
  ): readonly ResolutionProblem[] {
    const same = branches.find((branch) => branchName(branch) === branchName(pair.writer));
    if (same !== undefined) return this.compare({ ...pair, reader: same });
    const isReadable = branches.some(
      (branch) => this.compare({ ...pair, reader: branch }).length === 0,
    );
    return isReadable ? [] : [changedType(pair)];
  }

  private compareRecords(
    of: { readonly reader: RecordNode; readonly writer: RecordNode },
    path: string,
  ): readonly ResolutionProblem[] {
    const { reader, writer } = of;
    const known = this.met.get(reader)?.get(writer);
    if (known !== undefined) return known;
    const remember = this.met.get(reader) ?? new Map<SchemaNode, readonly ResolutionProblem[]>();
    this.met.set(reader, remember.set(writer, []));
    const problems = isNamedAlike(reader, writer)
      ? reader.fields.flatMap((field) => this.compareField({ field, writer }, path))
      : [changedType({ ...of, path })];
    remember.set(writer, problems);
    return problems;
  }

  private compareField(
    of: { readonly field: FieldNode; readonly writer: RecordNode },
    path: string,
  ): readonly ResolutionProblem[] {
    const { field, writer } = of;
    const at = path === "" ? field.name : `${path}.${field.name}`;
    const written = fieldIn(writer, field);
    if (written !== undefined) {
      return this.compare({ reader: field.type, writer: written.type, path: at });
    }
    return field.hasDefault ? [] : [missingField(at, writer)];
  }
}

/** Whether a named type is the writer's, or was called so. */
function isNamedAlike(
  reader: RecordNode | EnumNode | FixedNode,
  writer: RecordNode | EnumNode | FixedNode,
): boolean {
  return reader.name === writer.name || reader.aliases.includes(writer.name);
}

function fieldIn(writer: RecordNode, field: FieldNode): FieldNode | undefined {
  const names = [field.name, ...field.aliases];
  return writer.fields.find(({ name }) => names.includes(name));
}

function missingField(path: string, writer: RecordNode): ResolutionProblem {
  const detail = `${path} is new and has no default: older ${writer.name} do not hold it`;
  return { kind: "unreadable", path, detail };
}

function changedType({ reader, writer, path }: Pair): ResolutionProblem {
  const detail = `${placeText(path)} was ${typeText(writer)} and is ${typeText(reader)}`;
  return { kind: "unreadable", path, detail };
}

function placeText(path: string): string {
  return path === "" ? "the value" : path;
}

function compareEnums(
  of: { readonly reader: EnumNode; readonly writer: EnumNode },
  path: string,
): readonly ResolutionProblem[] {
  const { reader, writer } = of;
  if (!isNamedAlike(reader, writer)) return [changedType({ ...of, path })];
  const gone = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  if (gone.length === 0) return [];
  const kind = reader.defaultSymbol === null ? "unreadable" : "lossy";
  const detail = `${placeText(path)} no longer has ${gone.join(", ")}, which older data may hold`;
  return [{ kind, path, detail }];
}

/** What each primitive may be read as beside itself. */
const PROMOTIONS: ReadonlyMap<SchemaNode["kind"], readonly SchemaNode["kind"][]> = new Map([
  ["int", ["long", "float", "double"]],
  ["long", ["float", "double"]],
  ["float", ["double"]],
  ["string", ["bytes"]],
  ["bytes", ["string"]],
]);

function compareLeaves(pair: Pair): readonly ResolutionProblem[] {
  const { reader, writer, path } = pair;
  if (!isReadableLeaf(reader, writer)) return [changedType(pair)];
  if (reader.kind === "string" && writer.kind === "bytes") return [notText(pair)];
  const [is, was] = [meaning(reader), meaning(writer)];
  if (is === was) return [];
  const detail = `${placeText(path)} was ${typeText(writer)} and is ${typeText(reader)}, which gives old data another meaning`;
  return [{ kind: "altered", path, detail }];
}

function notText({ path }: Pair): ResolutionProblem {
  const detail = `${placeText(path)} was bytes and is string: what is no UTF-8 would be replaced`;
  return { kind: "lossy", path, detail };
}

function isReadableLeaf(reader: SchemaNode, writer: SchemaNode): boolean {
  if (reader.kind === "fixed" && writer.kind === "fixed") {
    return isNamedAlike(reader, writer) && reader.size === writer.size;
  }
  if (reader.kind === writer.kind) return true;
  return PROMOTIONS.get(writer.kind)?.includes(reader.kind) ?? false;
}

function meaning(node: SchemaNode): string {
  const logical = "logical" in node ? node.logical : null;
  // A UUID is a string with a promise about its form: it reads the same either way.
  if (logical === null || logical.name === "uuid") return "plain";
  return logical.name === "decimal" ? `decimal of scale ${logical.scale}` : logical.name;
}
