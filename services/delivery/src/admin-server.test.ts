import { describe, expect, it, onTestFinished } from "vitest";
import { startAdminServer } from "./admin-server.ts";
import { accessFor } from "./operations/access.ts";

async function setup(
  notReady: readonly string[] = [],
): Promise<(path: string) => Promise<Response>> {
  const sources = {
    notReady: () => notReady,
    metrics: () => Promise.resolve("a_total 1\n"),
    operations: { access: accessFor("127.0.0.1", undefined), targets: () => [] },
  };
  const admin = await startAdminServer(sources, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => admin.close());
  return (path) => fetch(`http://127.0.0.1:${admin.port}${path}`);
}

describe("admin server", () => {
  it("is live whatever the groups do", async () => {
    const get = await setup(["crm: not a member of its group"]);

    const answer = await get("/livez");

    expect(answer.status).toBe(200);
  });

  it("is not ready while there is a reason, and names it", async () => {
    const get = await setup(["crm: not a member of its group"]);

    const answer = await get("/readyz");

    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: "waiting",
      reasons: ["crm: not a member of its group"],
    });
  });

  it("is ready without one", async () => {
    const get = await setup();

    const answer = await get("/readyz?verbose");

    expect(answer.status).toBe(200);
  });

  it("serves metrics as Prometheus text", async () => {
    const get = await setup();

    const answer = await get("/metrics");

    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/u);
    expect(await answer.text()).toBe("a_total 1\n");
  });

  it("serves the state of the targets", async () => {
    const get = await setup();

    const answer = await get("/v1/targets");

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      apiVersion: "millrace/v1",
      kind: "TargetStateList",
      items: [],
    });
  });

  it("answers anything else with a problem", async () => {
    const get = await setup();

    const answer = await get("/");

    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  it("tells that its port is taken", async () => {
    const sources = {
      notReady: () => [],
      metrics: () => Promise.resolve(""),
      operations: { access: accessFor("127.0.0.1", undefined), targets: () => [] },
    };
    const first = await startAdminServer(sources, { host: "127.0.0.1", port: 0 });
    onTestFinished(() => first.close());

    const second = startAdminServer(sources, { host: "127.0.0.1", port: first.port });

    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
