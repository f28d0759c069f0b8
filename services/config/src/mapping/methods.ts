/** The methods that a target can be called with. */
export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** What a target is called with unless it says otherwise. */
export const DEFAULT_METHOD: Method = "POST";

/** Whether calls of a method carry the event's data where no body is given. */
export function hasDefaultBody(method: Method): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}

/** Whether a text is one of the methods. */
export function isMethod(text: string): text is Method {
  return METHODS.some((method) => method === text);
}
