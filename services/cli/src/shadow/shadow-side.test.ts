import { readFile } from "node:fs/promises";
import { loadConfig } from "@millrace/config";
import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import { ShadowReplay, type ShadowGroup, type ShadowResult } from "@millrace/jobs";
import {
  applyPush,
  createEncoder,
  createMemoryRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  planPush,
  resolveSchemaIds,
  type EmitInput,
} from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import type { Privacy } from "../tail/event-view.ts";
import { shadowSide, type SideConfig } from "./shadow-side.ts";

type Json = Readonly<Record<string, unknown>>;

const ANN = { userId: "ann", display_name: "Ann Lee", email: "ann@example.com" };
const PROFILES = "event.type == 'users.ProfileUpdated'";
const REQUEST = {
  method: "PUT",
  url: "http://crm/users/{id}",
  params: { id: "= event.data.userId" },
  body: { name: "= event.data.display_name", locale: "= event.data.locale" },
};

/** A configuration with one target, read as a file would be. */
async function configOf(target: Json): Promise<SideConfig> {
  const standard = { topics: ["users"], startAt: "earliest", filter: PROFILES, request: REQUEST };
  const text = JSON.stringify({
    apiVersion: "millrace/v1",
    catalog: DEFAULT_CATALOG_PATH,
    targets: { crm: { ...standard, ...target } },
  });
  const files = {
    read: (path: string) => (path === "c" ? Promise.resolve(text) : readFile(path, "utf8")),
    list: () => Promise.resolve([]),
    load: () => Promise.reject(new Error("there is no module")),
  };
  const config = await loadConfig("c", { env: {}, files, secrets: "masked" });
  const crm = config.targets.get("crm");
  if (crm === undefined) throw new Error("no target");
  return { ...config, target: crm };
}

/** Records of events, in a log each topic, and the registry that has their schemas. */
async function logOf(events: readonly EmitInput[]) {
  const catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
  const registry = createMemoryRegistry();
  await applyPush(await planPush(catalog, registry), registry);
  const encoder = createEncoder(catalog, await resolveSchemaIds(catalog, registry));
  const records = events.map((event, index): SourceRecord => {
    const { topic, key, value, headers } = encoder.encode(event);
    const place = { topic: asTopic(topic), partition: asPartition(0), offset: asOffset(index) };
    return { ...place, timestampMs: 0, key, value, headers };
  });
  return { registry, records };
}

const profile = (data: Json = {}): EmitInput => ({
  ...{ type: "users.ProfileUpdated", source: "urn:t", id: "e1" },
  data: { ...ANN, ...data },
});

interface Setup {
  readonly before?: Json;
  readonly after?: Json;
  readonly events?: readonly EmitInput[];
  readonly foreign?: readonly SourceRecord[];
  readonly privacy?: Privacy;
}

async function shadow({
  before = {},
  after = {},
  events = [profile()],
  foreign = [],
  privacy = "masked",
}: Setup): Promise<ShadowResult> {
  const { registry, records } = await logOf(events);
  const ground = { registry, clusterId: "c1", privacy };
  const replay = new ShadowReplay(
    {
      before: shadowSide(await configOf(before), ground),
      after: shadowSide(await configOf(after), ground),
    },
    { groupsMax: 10, samplesMax: 5 },
  );
  await replay.take([...records, ...foreign]);
  return replay.result;
}

function firstGroup({ groups }: ShadowResult): ShadowGroup {
  const [group] = groups;
  if (group === undefined) throw new Error("nothing changes");
  return group;
}

const bodyOf = (expressions: Json): Json => ({ request: { ...REQUEST, body: expressions } });

describe("shadowSide", () => {
  it("finds no change where only what no request shows differs", async () => {
    const after = { concurrency: { max: 5 }, rate: "5/s", request: { ...REQUEST, timeout: "1s" } };

    expect(await shadow({ after })).toMatchObject({ groups: [], unchanged: { sent: 1 } });
  });

  it("shows a changed request, personal data masked in it", async () => {
    const result = await shadow({
      after: bodyOf({ name: "= event.data.display_name", lang: "= event.data.locale" }),
    });

    const { text, samples } = firstGroup(result);
    expect(text).toBe("body: + /lang, - /locale");
    expect(samples).toMatchObject([
      {
        before: { url: "http://crm/users/ann", body: '{"name":"***","locale":"en"}' },
        after: { url: "http://crm/users/ann", body: '{"name":"***","lang":"en"}' },
      },
    ]);
    expect(JSON.stringify(result)).not.toContain("Ann");
  });

  it("shows personal data where that is asked for", async () => {
    const result = await shadow({
      after: bodyOf({ name: "= event.data.email" }),
      privacy: "unmasked",
    });

    expect(firstGroup(result).samples).toMatchObject([
      { before: { body: '{"name":"Ann Lee","locale":"en"}' } },
    ]);
    expect(firstGroup(result).samples).toMatchObject([
      { after: { body: '{"name":"ann@example.com"}' } },
    ]);
  });

  it("masks what is made of personal data in any way, and names of members", async () => {
    const result = await shadow({
      after: {
        request: {
          ...REQUEST,
          url: "http://crm/users/{id}/{mail}",
          params: { id: "= event.data.userId", mail: "= event.data.email.lowerAscii()" },
          headers: { "x-name": "= event.data.display_name + '!'" },
          body: "= {event.data.email: true, 'size': size(event.data.display_name)}",
        },
      },
    });

    const text = JSON.stringify(result);
    expect(firstGroup(result).samples[0]?.after).toMatchObject({
      url: "http://crm/users/ann/***",
      headers: { "x-name": "***" },
    });
    for (const personal of ["example.com", "Ann"]) expect(text).not.toContain(personal);
  });

  it("masks personal data also where the filter looks at it", async () => {
    const result = await shadow({
      after: { filter: `${PROFILES} && event.data.email == 'bob@example.com'` },
    });

    expect(firstGroup(result)).toMatchObject({
      ...{ change: "newly-filtered", text: "sent -> filtered" },
      samples: [
        { before: { body: '{"name":"***","locale":"en"}' }, after: { outcome: "filtered" } },
      ],
    });
  });

  it("tells an event that the changed mapping can make no request of, and one it now can", async () => {
    const events = [profile({ revision: 0 }), profile({ revision: 5 })];
    const fails = bodyOf({ share: "= 10 / event.data.revision" });

    const newly = await shadow({ after: fails, events });
    const noLonger = await shadow({ before: fails, events });

    expect(newly.changed).toMatchObject({ "newly-undeliverable": 1, "request-changed": 1 });
    const group = newly.groups.find(({ change }) => change === "newly-undeliverable");
    expect(group?.text).toMatch(/^sent -> MAPPING_FAILED: /u);
    expect(group?.samples).toMatchObject([{ offset: 0, after: { reason: "MAPPING_FAILED" } }]);
    expect(noLonger.changed).toMatchObject({ "no-longer-undeliverable": 1, "request-changed": 1 });
  });

  it("counts events of topics that only one side reads as filtered by the other", async () => {
    const request = { method: "GET", url: "http://crm/" };
    const events = [
      profile(),
      { type: "orders.OrderCancelled", source: "urn:t", data: { orderId: "o1" } },
    ];
    const result = await shadow({
      before: { filter: "true", request },
      after: { filter: "true", topics: ["orders"], request },
      events,
    });

    expect(result.changed).toMatchObject({ "newly-filtered": 1, "no-longer-filtered": 1 });
  });

  it("tells a record without an envelope that one side takes and the other does not", async () => {
    const { records } = await logOf([profile()]);
    const foreign = records.map((record) => ({ ...record, headers: {} }));
    const result = await shadow({ after: { input: { envelope: "derive" } }, events: [], foreign });

    expect(firstGroup(result)).toMatchObject({ change: "no-longer-undeliverable", count: 1 });
    expect(firstGroup(result).text).toMatch(/^ENVELOPE_MISSING: .* -> sent$/u);
  });
});
