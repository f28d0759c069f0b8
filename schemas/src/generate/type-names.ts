/** Whether a type is shown as decoders give it or as emitters take it. */
export type Form = "read" | "write";

/** What one Avro name is called in TypeScript. */
export interface TypeName {
  /** The module's alias where another imports it; its file is named by the namespace. */
  readonly module: string;
  readonly read: string;
  /** The same as `read` for what has one form only: enums. */
  readonly write: string;
}

/** The file of types without a namespace; no namespace has a hyphen. */
const UNNAMED = "no-namespace";

/**
 * Gives out TypeScript names. A name that TypeScript or another type already has gets underscores at its end, so the
 * order of asking matters and must be stable.
 */
export class TypeNames {
  private readonly names = new Map<string, TypeName>();
  private readonly modules = new Map<string, string>();
  private readonly taken = new Map<string, Set<string>>();

  /** The names of a type by its Avro full name; `forms` says whether its two forms differ. */
  add(fullName: string, forms: "one" | "two"): TypeName {
    const known = this.names.get(fullName);
    if (known !== undefined) return known;
    const file = fileOf(fullName);
    const module = this.moduleOf(file);
    const taken = this.taken.get(file) ?? new Set();
    this.taken.set(file, taken);
    const simple = fullName.slice(fullName.lastIndexOf(".") + 1);
    const read = free(simple, taken);
    const write = forms === "one" ? read : free(`${simple}Input`, taken);
    const name = { module, read, write };
    this.names.set(fullName, name);
    return name;
  }

  /** How a type is written inside the file of `from`, another type of the same run. */
  reference(fullName: string, form: Form, from: string): string {
    const name = this.names.get(fullName);
    if (name === undefined) throw new Error(`${fullName} was given no name`);
    return fileOf(fullName) === fileOf(from) ? name[form] : `${name.module}.${name[form]}`;
  }

  /** The alias under which a file's types are imported elsewhere. */
  moduleOf(file: string): string {
    const known = this.modules.get(file);
    if (known !== undefined) return known;
    const module = free(file.replaceAll(/[.-]/g, "_"), new Set(this.modules.values()));
    this.modules.set(file, module);
    return module;
  }
}

/** The file, without its ending, that a type stands in: its namespace. */
export function fileOf(fullName: string): string {
  const end = fullName.lastIndexOf(".");
  return end < 0 ? UNNAMED : fullName.slice(0, end);
}

function free(wanted: string, taken: Set<string>): string {
  let name = wanted;
  while (taken.has(name) || RESERVED.has(name)) name += "_";
  taken.add(name);
  return name;
}

/** What generated files use themselves, and words that cannot be the name of a type or of an import. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "Date EventMap Readonly Record Uint8Array any arguments as async await bigint boolean break case catch class const " +
    "continue debugger default delete do else enum eval export extends false finally for from function if implements " +
    "import in instanceof interface let never new null number object of package private protected public readonly return " +
    "static string super switch symbol this throw true try type typeof undefined unknown var void while with yield"
  ).split(" "),
);
