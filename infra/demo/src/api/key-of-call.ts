/** Where a call carries the key that its order is kept by. */
export type KeyLocation =
  /** The path segment after this prefix: `/v1/users/` finds `42` in `/v1/users/42/address`. */
  | { readonly in: "path"; readonly after: string }
  /** A top-level field of the JSON body. */
  | { readonly in: "body"; readonly field: string }
  | { readonly in: "nowhere" };

/** The key of a call, or null when it carries none where the location says. */
export function keyOfCall(location: KeyLocation, path: string, body: string): string | null {
  switch (location.in) {
    case "path":
      return keyInPath(path, location.after);
    case "body":
      return keyInBody(body, location.field);
    case "nowhere":
      return null;
  }
}

function keyInPath(path: string, after: string): string | null {
  if (!path.startsWith(after)) return null;
  const end = path.slice(after.length).search(/[/?]/u);
  const segment = end < 0 ? path.slice(after.length) : path.slice(after.length, after.length + end);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function keyInBody(body: string, field: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !Object.hasOwn(parsed, field)) return null;
    const value: unknown = Object.getOwnPropertyDescriptor(parsed, field)?.value;
    return typeof value === "string" || typeof value === "number" ? String(value) : null;
  } catch {
    return null;
  }
}

/**
 * A location from text: `path:/v1/users/`, `body:userId` or `nowhere`.
 * @throws RangeError when it is none of these.
 */
export function readKeyLocation(text: string): KeyLocation {
  const [kind, ...rest] = text.split(":");
  const value = rest.join(":");
  if (kind === "path" && value !== "") return { in: "path", after: value };
  if (kind === "body" && value !== "") return { in: "body", field: value };
  if (text === "nowhere") return { in: "nowhere" };
  throw new RangeError(`key: path:<prefix>, body:<field> or nowhere, not '${text}'`);
}

/** The text that `readKeyLocation` reads back. */
export function formatKeyLocation(location: KeyLocation): string {
  switch (location.in) {
    case "path":
      return `path:${location.after}`;
    case "body":
      return `body:${location.field}`;
    case "nowhere":
      return "nowhere";
  }
}
