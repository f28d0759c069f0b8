/** Answers that a target thought sent and the proxy before it saw go missing. */
import type { ReceiveLine } from "../../checker/history.ts";
import type { CutLine } from "../proxy/proxy-process.ts";
import type { RawReceiveLine } from "../target/target-server.ts";

/** How much later a target may write an arrival down than the proxy cut its connection, ms. */
const SLACK_MS = 100;

interface Call {
  readonly arrival: number;
  readonly at: number;
  answer: ReceiveLine | null;
}

/**
 * A `broken` line for each answer that fell to a cut, by time. A cut is of the last call of its delivery on that connection: an
 * attempt that is made again may get the same port.
 */
export async function missingAnswers(
  lines: AsyncIterable<RawReceiveLine>,
  cuts: readonly CutLine[],
): Promise<readonly ReceiveLine[]> {
  const callsOf = new Map(cuts.map((cut) => [nameOf(cut), [] as Call[]]));
  for await (const { connection, ...line } of lines) {
    const { arrival, at, idempotencyKey } = line;
    const calls = callsOf.get(nameOf({ connection, idempotencyKey }));
    if (calls === undefined) continue;
    if (line.ev === "arrive") calls.push({ arrival, at, answer: null });
    const call = calls.findLast((one) => one.arrival === arrival);
    if (line.ev === "answer" && call !== undefined) call.answer = line;
  }
  const missing = new Map<number, ReceiveLine>();
  for (const cut of cuts) {
    const calls = callsOf.get(nameOf(cut)) ?? [];
    const answer = calls.findLast(({ at }) => at <= cut.at + SLACK_MS)?.answer ?? null;
    if (answer !== null) missing.set(answer.arrival, brokenLine(answer, cut.at));
  }
  return [...missing.values()].sort((a, b) => a.at - b.at);
}

const nameOf = (of: Pick<CutLine, "connection" | "idempotencyKey">): string =>
  `${of.connection}/${of.idempotencyKey}`;

/** The target may write its answer when the proxy has cut the connection already. */
function brokenLine(answer: ReceiveLine, cutAt: number): ReceiveLine {
  const { h, target, arrival, topic, partition, offset, idempotencyKey, bodySha, job } = answer;
  const process = answer.process === undefined ? {} : { process: answer.process };
  const at = Math.max(cutAt, answer.at);
  const identity = { target, arrival, topic, partition, offset, idempotencyKey, bodySha, job };
  return { h, at, ev: "broken", ...identity, ...process };
}
