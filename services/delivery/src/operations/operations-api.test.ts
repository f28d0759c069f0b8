import { viewTarget } from "@millrace/diagnosis";
import { createState, DEFAULTS } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { accessFor } from "./access.ts";
import { answerOperations } from "./operations-api.ts";

const crm = viewTarget(
  {
    name: "crm",
    group: "ns.crm",
    process: "p1",
    state: createState(DEFAULTS, 0),
    halts: [],
    replays: [],
  },
  { now: 0, wallNow: 0 },
);

function ask(
  path: string,
  {
    host = "127.0.0.1",
    token,
    authorization,
    method = "GET",
  }: {
    readonly host?: string;
    readonly token?: string;
    readonly authorization?: string;
    readonly method?: string;
  } = {},
) {
  const sources = { access: accessFor(host, token), targets: () => [crm] };
  return answerOperations({ method, path, authorization }, sources);
}

describe("the operations API", () => {
  it("tells of all targets, or of one", () => {
    expect(ask("/v1/targets")).toMatchObject({
      status: 200,
      body: { apiVersion: "millrace/v1", kind: "TargetStateList", items: [{ name: "crm" }] },
    });
    expect(ask("/v1/targets/crm").body).toMatchObject({ kind: "TargetState", items: [crm] });
  });

  it("says which targets run here when asked for another", () => {
    expect(ask("/v1/targets/cmr")).toMatchObject({
      status: 404,
      headers: { "content-type": "application/problem+json" },
      body: { detail: "no target cmr runs here; there are: crm" },
    });
  });

  it("changes nothing", () => {
    expect(ask("/v1/targets", { method: "POST" })).toMatchObject({ status: 405 });
  });

  it.each(["127.0.0.1", "::1", "localhost"])(
    "asks nobody of this machine for a token: %s",
    (host) => {
      expect(ask("/v1/targets", { host }).status).toBe(200);
    },
  );

  it.each(["0.0.0.0", "::", "10.1.2.3"])("is closed to a network without a token: %s", (host) => {
    expect(ask("/v1/targets", { host })).toMatchObject({ status: 403 });
  });

  it("takes its token and no other, wherever it listens", () => {
    const of = { host: "0.0.0.0", token: "s3cret" };

    expect(ask("/v1/targets", of)).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer" },
    });
    expect(ask("/v1/targets", { ...of, authorization: "Bearer s3cre" }).status).toBe(401);
    expect(ask("/v1/targets", { ...of, authorization: "Bearer s3cret" }).status).toBe(200);
    expect(ask("/v1/targets", { token: "s3cret" }).status).toBe(401);
  });
});
