import { createServer, type IncomingMessage, type Server } from "node:http";
import { readScript } from "./api-script.ts";
import type { TargetServer } from "./target-server.ts";

/** Longest control request, bytes. */
const BODY_BYTES_MAX = 1_048_576;

/**
 * The control port of a demo API: `PUT /script` (an `ApiScript`, replaces the one before), `POST /outage` (`{"ms": n}`),
 * `GET /report`. It is a port of its own, so that an outage of the API does not take it away.
 */
export function createControlServer(target: TargetServer): Server {
  return createServer((request, response) => {
    readBody(request)
      .then((body) => act(target, `${request.method ?? ""} ${request.url ?? ""}`, body))
      .then(
        (answer) => {
          response.writeHead(200, { "content-type": "application/json" });
          response.end(JSON.stringify(answer));
        },
        (error: unknown) => {
          const detail = error instanceof Error ? error.message : String(error);
          response.writeHead(400, { "content-type": "application/problem+json" });
          response.end(JSON.stringify({ title: "Bad Request", status: 400, detail }));
        },
      );
  });
}

function act(target: TargetServer, route: string, body: string): unknown {
  switch (route) {
    case "GET /report":
      return target.report();
    case "PUT /script": {
      const script = readScript(JSON.parse(body));
      target.follow(script);
      return script;
    }
    case "POST /outage": {
      const ms = readOutageMs(JSON.parse(body));
      target.goDown(ms);
      return { ms };
    }
    default:
      throw new RangeError(`${route}: one of GET /report, PUT /script, POST /outage`);
  }
}

function readOutageMs(value: unknown): number {
  if (typeof value === "object" && value !== null && "ms" in value) {
    const { ms } = value;
    if (typeof ms === "number" && ms > 0 && ms <= 3_600_000) return ms;
  }
  throw new RangeError("outage: an object with ms, from 1 to 3600000");
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > BODY_BYTES_MAX) throw new RangeError("body: at most 1 MiB");
  }
  return body;
}
