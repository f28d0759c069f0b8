/** The process of one proxy: `main.ts <log file> <seed>`. Told what to do over IPC. */
import { SeededRandom } from "../../support/seeded-random.ts";
import { openLineFile } from "../record/line-file.ts";
import { runNow } from "../record/run-clock.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { CutLine, ProxyOrder, ProxyReply } from "./proxy-process.ts";

const [logPath = "cuts.jsonl", seed = "1"] = process.argv.slice(2);
const log = openLineFile(logPath);
const proxy = new FaultProxy({
  random: new SeededRandom(Number(seed)),
  onCut(idempotencyKey, connection) {
    const line: CutLine = { at: runNow(), idempotencyKey, connection };
    log.append(line);
  },
});

const reply = (answer: ProxyReply): void => {
  process.send?.(answer);
};

async function obey({ order, mode, route }: ProxyOrder): Promise<void> {
  const port = route === undefined ? null : await proxy.listen(route);
  if (mode !== undefined) proxy.behave(mode);
  reply({ order, at: runNow(), counts: proxy.counts(), port });
}

process.on("message", (order: ProxyOrder) => void obey(order));
process.once("disconnect", () => {
  proxy.close();
  log.close();
  process.exit(0);
});
process.on("SIGINT", () => undefined);

reply("ready");
