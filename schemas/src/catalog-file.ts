import {
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
  type ParsedNode,
  type YAMLMap,
} from "yaml";
import { childPointer } from "./json-pointer.ts";
import { SchemaError, type FileProblem } from "./schema-error.ts";
import { didYouMean } from "./suggestion.ts";

/** A mapping of the file, and where it stands: an RFC 6901 pointer. */
export interface Section {
  readonly map: YAMLMap.Parsed;
  readonly pointer: string;
}

/** A named member of a section that is a mapping itself. */
export interface Entry extends Section {
  readonly name: string;
}

/**
 * A YAML file that is read member by member while every problem is noted with its line, so that one run shows all of
 * them. Readers return null for what is missing or wrong; the caller goes on and throws at the end.
 */
export class CatalogFile {
  /** Absolute. */
  readonly path: string;
  private readonly document: Document.Parsed;
  private readonly lines = new LineCounter();
  private readonly problems: FileProblem[] = [];

  constructor(path: string, text: string) {
    this.path = path;
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    for (const error of [...this.document.errors, ...this.document.warnings]) {
      this.note({ offset: error.pos[0], pointer: "", detail: error.message });
    }
  }

  /** The whole file as a section; null when it is no mapping, which is a problem. */
  get root(): Section | null {
    const { contents } = this.document;
    if (isMap(contents)) return { map: contents, pointer: "" };
    this.note({ offset: 0, pointer: "", detail: "the file must be a mapping" });
    return null;
  }

  /** The members of a required section, each a mapping; in the file's order. */
  entries(root: Section, name: string): readonly Entry[] {
    const section = root.map.items.find(({ key }) => isScalar(key) && key.value === name)?.value;
    if (!isMap(section)) {
      this.report(root, name, `${name} must be a mapping`);
      return [];
    }
    const entries: Entry[] = [];
    for (const { key, value } of section.items) {
      const entryName = isScalar(key) ? String(key.value) : "";
      const at = childPointer(`/${name}`, entryName);
      if (isMap(value)) entries.push({ name: entryName, map: value, pointer: at });
      else this.note({ offset: offsetOf(key), pointer: at, detail: "must be a mapping" });
    }
    return entries;
  }

  /** Notes every member that a section cannot have. */
  allowOnly(section: Section, names: readonly string[]): void {
    for (const { key } of section.map.items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (names.includes(name)) continue;
      const detail = `unknown key ${name}${didYouMean(name, names)}`;
      this.note({ offset: offsetOf(key), pointer: childPointer(section.pointer, name), detail });
    }
  }

  /** A member that must be text; null (and a problem) when it is not. */
  text(section: Section, name: string): string | null {
    const value: unknown = section.map.get(name);
    if (typeof value === "string" && value !== "") return value;
    const detail = value === undefined ? `${name} is missing` : `${name} must be a text`;
    this.report(section, name, detail);
    return null;
  }

  /** As `text`, but null without a problem when the member is absent or null. */
  optionalText(section: Section, name: string): string | null {
    const value: unknown = section.map.get(name);
    return value === undefined || value === null ? null : this.text(section, name);
  }

  /** A member that must be a whole number of a range. */
  integer(section: Section, name: string, range: { min: number; max: number }): number | null {
    const value: unknown = section.map.get(name);
    const isInRange = typeof value === "number" && value >= range.min && value <= range.max;
    if (isInRange && Number.isInteger(value)) return value;
    const detail = `${name} must be a whole number from ${range.min} to ${range.max}`;
    this.report(section, name, value === undefined ? `${name} is missing` : detail);
    return null;
  }

  /** Notes a problem at a section's member, or at the section where it has none of that name. */
  report(section: Section, name: string, detail: string): void {
    const pair = section.map.items.find(({ key }) => isScalar(key) && key.value === name);
    const offset = pair === undefined ? section.map.range[0] : offsetOf(pair.value ?? pair.key);
    this.note({ offset, pointer: childPointer(section.pointer, name), detail });
  }

  /** Notes a problem of another file that this one names. */
  reportIn(problem: FileProblem): void {
    this.problems.push(problem);
  }

  /** @throws SchemaError `CATALOG_INVALID` when any problem was noted. */
  throwProblems(): void {
    if (this.problems.length === 0) return;
    const problems = this.problems.toSorted(
      (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
    );
    const lines = problems.map(({ file, line, detail }) => `\n  ${file}:${line}: ${detail}`);
    const message = `catalog does not hold: ${this.path}${lines.join("")}`;
    throw new SchemaError("CATALOG_INVALID", message, { problems });
  }

  private note(at: { offset: number; pointer: string; detail: string }): void {
    const { line, col } = this.lines.linePos(at.offset);
    const { pointer, detail } = at;
    this.problems.push({ file: this.path, line, column: col, pointer, detail });
  }
}

function offsetOf(node: ParsedNode): number {
  return node.range[0];
}
