import { seededRandom, type Random } from "../api/random.ts";
import {
  QUICK,
  type GenerateOptions,
  type NewEvent,
  type Scene,
  type SceneTarget,
} from "./scene.ts";
import { profileUpdated } from "./users.ts";

const SOURCE = "urn:millrace:demo:accounts";
const EVENTS_PER_USER = 20;
/** Every so many users one is refused, up to the maximum. */
const REFUSED_EVERY = 25;
const REFUSED_MAX = 20;

/** Refuses some users until its validation is mended, and goes away. */
const crmApi: SceneTarget = {
  name: "crm-api",
  keyIn: { in: "path", after: "/v1/contacts/" },
  script: { ...QUICK, reject: refusedUsers() },
  faults: { serverErrors: false, outage: true, refusals: true },
  expect({ type, data }) {
    if (type !== "users.ProfileUpdated") return null;
    const { userId, display_name: name, email, revision } = data;
    return {
      method: "PUT",
      path: `/v1/contacts/${encodeURIComponent(String(userId))}`,
      body: JSON.stringify({ name, email, revision }),
    };
  },
};

/** Writes down everything, and is always well. */
const auditApi: SceneTarget = {
  name: "audit-api",
  keyIn: { in: "body", field: "userId" },
  script: QUICK,
  faults: { serverErrors: false, outage: false, refusals: false },
  expect: ({ id, type, data }) => ({
    method: "POST",
    path: "/v1/entries",
    body: JSON.stringify({ entry: id, what: type, userId: data["userId"] }),
  }),
};

/** Profile updates of some hundred users, and someone on call who finds and mends what one target does to them. */
export const onCallScene: Scene = {
  name: "oncall",
  topic: "users",
  keyField: "userId",
  types: ["users.ProfileUpdated"],
  targets: [crmApi, auditApi],
  events: { kind: "generated", countDefault: 10_000, rate: 1_000, heldShare: 0.5, generate },
  onCall: { troubled: crmApi.name, neighbour: auditApi.name },
};

function userName(user: number): string {
  return `user-${String(user).padStart(3, "0")}`;
}

function refusedUsers(): Readonly<Record<string, number>> {
  const users = Array.from({ length: REFUSED_MAX }, (_, index) => userName(index * REFUSED_EVERY));
  return Object.fromEntries(users.map((user) => [user, 422]));
}

/** All users in turn, so that each has as many events before the outage as after it. */
function generate({ run, count, seed }: GenerateOptions): NewEvent[] {
  const userCount = Math.ceil(count / EVENTS_PER_USER);
  const names = Array.from({ length: userCount }, (_, user) => userName(user));
  const users = shuffled(names, seededRandom(seed));
  return Array.from({ length: count }, (_, index) => {
    const key = users[index % userCount] ?? "";
    const id = `${run}-${String(index + 1).padStart(6, "0")}`;
    const revision = Math.floor(index / userCount) + 1;
    return { id, source: SOURCE, key, ...profileUpdated(key, revision) };
  });
}

/** Fisher and Yates. */
function shuffled(names: readonly string[], random: Random): readonly string[] {
  const mixed = [...names];
  for (let end = mixed.length - 1; end > 0; end -= 1) {
    const other = Math.floor(random() * (end + 1));
    [mixed[end], mixed[other]] = [mixed[other] ?? "", mixed[end] ?? ""];
  }
  return mixed;
}
