/** The process of one target: `main.ts <name> <log file> <seed>`. Told what to do over IPC; ends with its parent. */
import { SeededRandom } from "../../support/seeded-random.ts";
import { openLineFile } from "../record/line-file.ts";
import { runNow } from "../record/run-clock.ts";
import { watchStalls } from "../stall-watch.ts";
import { HEALTHY } from "./target-script.ts";
import { TargetServer } from "./target-server.ts";
import type { TargetOrder, TargetReply } from "./target-process.ts";

const [target = "target", logPath = "recv.jsonl", seed = "1"] = process.argv.slice(2);
const log = openLineFile(logPath);
const random = new SeededRandom(Number(seed));
const server = new TargetServer({ target, log, script: HEALTHY, random });
const stalls = watchStalls();

const reply = (answer: TargetReply): void => {
  process.send?.(answer);
};

async function obey({ order, script, listenFor }: TargetOrder): Promise<void> {
  if (script !== undefined) server.follow(script);
  const port = listenFor === undefined ? null : await server.listenFor(listenFor);
  reply({ order, at: runNow(), openOf: server.openOf, stall: stalls.longest(), port });
}

process.on("message", (order: TargetOrder) => void obey(order));
process.once("disconnect", () => {
  void server.close().then(() => {
    log.close();
    process.exit(0);
  });
});
// A Ctrl-C is for the harness.
process.on("SIGINT", () => undefined);

reply("ready");
