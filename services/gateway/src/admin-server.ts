import { fastify, type FastifyInstance } from "fastify";
import { addHealthRoutes, type HealthSources } from "./health-routes.ts";
import { installProblems } from "./problem-replies.ts";

/** What the admin server answers from. */
export interface AdminSources extends HealthSources {
  /** Metrics in Prometheus text format. */
  readonly metrics: () => Promise<string>;
}

/** `/metrics`, `/livez` and `/readyz`, apart from where events come in: metrics are nobody's who only may emit. */
export function createAdminServer(sources: AdminSources): FastifyInstance {
  const app = fastify({
    logger: false,
    requestTimeout: 10_000,
    http: { requireHostHeader: false },
  });
  installProblems(app);
  addHealthRoutes(app, sources);
  app.get("/metrics", async (_request, reply) => {
    void reply.type("text/plain; version=0.0.4; charset=utf-8");
    return sources.metrics();
  });
  return app;
}
