import { flightsScene } from "./flights.ts";
import { onCallScene } from "./oncall.ts";
import { ordersScene } from "./orders.ts";
import { SCENE_NAMES, type Scene, type SceneName } from "./scene.ts";
import { usersScene } from "./users.ts";

/** All scenes. */
export const SCENES: Readonly<Record<SceneName, Scene>> = {
  users: usersScene,
  orders: ordersScene,
  flights: flightsScene,
  oncall: onCallScene,
};

/** The scene of that name. @throws RangeError naming the ones there are. */
export function findScene(name: string): Scene {
  const known = SCENE_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return SCENES[known];
  throw new RangeError(`scene: one of ${SCENE_NAMES.join(", ")}, not '${name}'`);
}
