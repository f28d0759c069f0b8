import type { Receipt } from "@millrace/emitter";
import type { World } from "./delivery-world.ts";

/** Emits a profile update of each of these users, in this order. @returns where they stand, `<topic>:<partition>:<offset>`. */
export async function emitOf(world: World, users: readonly string[]): Promise<readonly string[]> {
  const receipts = await world.emitter.emitBatch(
    users.map((userId, revision) => ({
      type: "users.ProfileUpdated",
      data: { userId, display_name: `Name ${revision}`, email: `${userId}@example.com`, revision },
    })),
  );
  return receipts.map(placeOf);
}

/** Where an event stands. */
export function placeOf({ topic, partition, offset }: Receipt): string {
  return `${topic}:${partition}:${offset}`;
}

/** `count` users of a name, each with so many events, in turn. */
export function usersOf(name: string, count: number, rounds = 1): readonly string[] {
  return Array.from({ length: count * rounds }, (_, index) => `${name}-${index % count}`);
}
