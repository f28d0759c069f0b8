import type { FastifyInstance } from "fastify";

/** What the health routes answer from. */
export interface HealthSources {
  /** Why the process is not ready; empty when it is. */
  readonly notReady: () => readonly string[];
}

/** Adds `GET /livez` and `GET /readyz`. They need no key and tell nothing secret. */
export function addHealthRoutes(app: FastifyInstance, { notReady }: HealthSources): void {
  app.get("/livez", (_request, reply) =>
    reply.header("cache-control", "no-store").type("text/plain").send("ok\n"),
  );
  app.get("/readyz", (_request, reply) => {
    const reasons = notReady();
    const isReady = reasons.length === 0;
    return reply
      .code(isReady ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ status: isReady ? "ready" : "waiting", reasons });
  });
}
