/** An owner in a process of its own, to be killed: `node replay-process.ts <OwnerPlace> <range>`, both JSON; tells its parent of calls. */
import { answering, createOwner, repairOrder, type OwnerPlace } from "./replay-owner.ts";

/** How long the target takes, ms. */
const ANSWER_MS = 50;

const [place = "", range = ""] = process.argv.slice(2);
// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by the test that starts it
const owned = JSON.parse(place) as OwnerPlace;
// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- likewise
const bounds = JSON.parse(range) as readonly [number, number];
const { driver } = createOwner(
  owned,
  answering(ANSWER_MS, (arrival) => process.send?.(arrival)),
);
driver.replay(repairOrder(owned.topic, bounds));
await driver.start();
