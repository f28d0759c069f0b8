/** The process of one target: `main.ts <name> <log file> <seed>`. Told what to do over IPC; ends with its parent. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { SeededRandom } from "../../support/seeded-random.ts";
import { openLineFile } from "../record/line-file.ts";
import { runNow } from "../record/run-clock.ts";
import { HEALTHY } from "./target-script.ts";
import { TargetServer } from "./target-server.ts";
import type { TargetOrder, TargetReply } from "./target-process.ts";

const [target = "target", logPath = "recv.jsonl", seed = "1"] = process.argv.slice(2);
const log = openLineFile(logPath);
const random = new SeededRandom(Number(seed));
const server = new TargetServer({ target, log, script: HEALTHY, random });
const delay = monitorEventLoopDelay({ resolution: 20 });
delay.enable();

const reply = (answer: TargetReply): void => {
  process.send?.(answer);
};

async function obey({ order, script, listenFor }: TargetOrder): Promise<void> {
  if (script !== undefined) server.follow(script);
  const port = listenFor === undefined ? null : await server.listenFor(listenFor);
  const stallMsMax = delay.max / 1e6;
  delay.reset();
  reply({ order, at: runNow(), counts: server.counts(), stallMsMax, port });
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
