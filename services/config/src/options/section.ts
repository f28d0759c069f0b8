import { z } from "zod";

/**
 * A map of the file whose unknown keys are errors. The error's message is the list of the known keys, from which the
 * report makes one problem per key with a suggestion.
 */
export function section<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? Object.keys(shape).join(", ") : undefined,
  });
}
