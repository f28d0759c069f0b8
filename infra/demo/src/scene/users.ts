import { seededRandom } from "../api/random.ts";
import {
  FAILS_A_FIFTH,
  QUICK,
  type GenerateOptions,
  type NewEvent,
  type Scene,
  type SceneTarget,
} from "./scene.ts";

const USER_COUNT = 300;
const SOURCE = "urn:millrace:demo:users";
const FIRST_CHANGE_AT = Date.parse("2026-01-05T08:00:00.001Z");

/** Keeps the latest profile of each user; goes away for a few seconds. */
const profileApi: SceneTarget = {
  name: "profile-api",
  keyIn: { in: "path", after: "/v1/users/" },
  script: QUICK,
  faults: { serverErrors: false, outage: true, refusals: false },
  expect({ type, data }) {
    if (type !== "users.ProfileUpdated") return null;
    const { userId, display_name: displayName, email, revision } = data;
    return {
      method: "PUT",
      path: `/v1/users/${encodeURIComponent(String(userId))}`,
      body: JSON.stringify({ displayName, email, revision }),
    };
  },
};

/** Writes down everything; a fifth of its answers is 503. */
const auditApi: SceneTarget = {
  name: "audit-api",
  keyIn: { in: "body", field: "userId" },
  script: FAILS_A_FIFTH,
  faults: { serverErrors: true, outage: false, refusals: false },
  expect: ({ id, source, type, data }) => ({
    method: "POST",
    path: "/v1/entries",
    body: JSON.stringify({ entry: id, what: type, userId: data["userId"], source }),
  }),
};

/** Profile updates and password changes of a few hundred users. */
export const usersScene: Scene = {
  name: "users",
  topic: "users",
  keyField: "userId",
  types: ["users.ProfileUpdated", "users.PasswordChanged"],
  targets: [profileApi, auditApi],
  events: { kind: "generated", countDefault: 3_000, rate: 400, heldShare: 0.15, generate },
  onCall: null,
};

function generate({ run, count, seed }: GenerateOptions): NewEvent[] {
  const random = seededRandom(seed);
  const revisions = new Map<number, number>();
  return Array.from({ length: count }, (_, index) => {
    const user = Math.floor(random() * USER_COUNT);
    const userId = `user-${String(user).padStart(3, "0")}`;
    const common = {
      id: `${run}-${String(index + 1).padStart(6, "0")}`,
      source: SOURCE,
      key: userId,
    };
    if (random() < 0.2) return { ...common, ...passwordChanged(userId, index) };
    const revision = (revisions.get(user) ?? 0) + 1;
    revisions.set(user, revision);
    return { ...common, ...profileUpdated(userId, revision) };
  });
}

function passwordChanged(userId: string, index: number): Pick<NewEvent, "type" | "data"> {
  const changedAt = new Date(FIRST_CHANGE_AT + index * 1_000).toISOString();
  const ipAddress = index % 2 === 0 ? `192.0.2.${index % 250}` : null;
  return { type: "users.PasswordChanged", data: { userId, changedAt, method: "SELF", ipAddress } };
}

/** The `revision`th profile of a user. */
export function profileUpdated(userId: string, revision: number): Pick<NewEvent, "type" | "data"> {
  const data = {
    userId,
    display_name: `Zoë "${userId}" Müller ${revision}`,
    email: `${userId}+${revision}@example.com`,
    phone: null,
    locale: "de-CH",
    revision,
  };
  return { type: "users.ProfileUpdated", data };
}
