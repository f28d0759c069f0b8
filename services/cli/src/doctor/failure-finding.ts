import { explain } from "../failure.ts";
import { fail, type Finding } from "./finding.ts";

/** A check that could not be made: what failed and what to do, as any command would say it. */
export async function failureOf(check: string, error: unknown): Promise<Finding> {
  const { text } = await explain(error, {});
  const [detail = "", ...advice] = text.split("\n").map((line) => line.trim());
  return fail(check, detail, advice.join("; "));
}
