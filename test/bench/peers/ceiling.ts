/**
 * The ceiling: undici's `dispatch` alone, with the bodies and headers of a delivery, all of them made beforehand. No Kafka,
 * no order kept but what follows from users taking turns.
 */
import { eventOf } from "../workload/event.ts";
import { endWithHarness, readPeerOptions } from "./peer-options.ts";
import { openPool } from "./posting.ts";

const { url, inFlight, eventCount, keyCount, topic } = readPeerOptions();
endWithHarness();
// It stays when it is through: what it has cost is read after its last call.
process.stdin.ref();

const key = "x".repeat(32);
// As long as what a delivery says of itself.
const post = openPool(url, inFlight, [
  ...["user-agent", "millrace", "millrace-position", `${topic}/10/100000`],
  ...["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
]);
const bodies = Array.from({ length: eventCount }, (_, number) =>
  JSON.stringify(eventOf(number, keyCount)),
);
let next = 0;

function postNext(): void {
  const body = bodies[next];
  if (body === undefined) return;
  next += 1;
  post(body, key, postNext);
}

// One key at a time is one call at a time, for whoever keeps its order.
for (let slot = 0; slot < Math.min(inFlight, keyCount); slot += 1) postNext();
