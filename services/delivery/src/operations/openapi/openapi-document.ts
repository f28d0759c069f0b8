/** What the admin port of a delivery process serves, as an OpenAPI document. */
import type { TargetView } from "@millrace/diagnosis";
import { VERSION } from "../../version.ts";
import {
  always,
  list,
  object,
  oneWord,
  ref,
  text,
  type Fields,
  type Schema,
} from "./json-schema.ts";
import { PARTITION_SCHEMAS } from "./partition-schemas.ts";
import { TARGET_SCHEMAS } from "./target-schemas.ts";

/** An answer, by the media types that it may have. */
export interface DocumentedResponse {
  readonly description: string;
  readonly headers?: Readonly<
    Record<string, { readonly description: string; readonly schema: Schema }>
  >;
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** A question. */
export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "path";
    readonly required: true;
    readonly description: string;
    readonly schema: Schema;
  }[];
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

/** OpenAPI 3.1, as far as it is used. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, { readonly get: DocumentedOperation }>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

/** A document of the API. */
interface TargetDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly items: readonly TargetView[];
}

const documentSchema = (kind: string, items: string): Schema =>
  object("A document of the API.", {
    apiVersion: always("millrace/v1"),
    kind: always(kind),
    items: list(items, ref("Target")),
  } satisfies Fields<TargetDocument>);

const schemas: Readonly<Record<string, Schema>> = {
  TargetStateList: documentSchema("TargetStateList", "The targets that run in this process."),
  TargetState: documentSchema("TargetState", "The target; one."),
  ...TARGET_SCHEMAS,
  ...PARTITION_SCHEMAS,
  Problem: object("RFC 9457.", {
    title: text("What kind of problem."),
    status: { type: "integer", description: "The HTTP status." },
    detail: text("What is wrong here, and what to do."),
  } satisfies Fields<{ title: string; status: number; detail: string }>),
  Readiness: object("Whether it is at work.", {
    status: oneWord<"ready" | "waiting">("In a word.", {
      ready: "every target owns its share",
      waiting: "see the reasons",
    }),
    reasons: list("What it waits for; empty when it is ready.", text("For people.")),
  } satisfies Fields<{ status: string; reasons: readonly string[] }>),
};

const json = (description: string, schema: Schema): DocumentedResponse => ({
  description,
  content: { "application/json": { schema } },
});

const plain = (description: string): DocumentedResponse => ({
  description,
  content: { "text/plain": { schema: { type: "string" } } },
});

const problem = (description: string): DocumentedResponse => ({
  description,
  content: { "application/problem+json": { schema: ref("Problem") } },
});

/** Of everything under `/v1`. */
const REFUSALS: Readonly<Record<string, DocumentedResponse>> = {
  401: {
    ...problem("It asks for a token, and none or another was given."),
    headers: {
      "WWW-Authenticate": { description: "How to authenticate.", schema: always("Bearer") },
    },
  },
  403: problem("It listens beyond its machine without a token, and tells nothing."),
};

const open: Pick<DocumentedOperation, "security"> = { security: [] };
/** With a token, or without where none is set. */
const guarded: Pick<DocumentedOperation, "security"> = { security: [{ token: [] }, {}] };

const paths: OpenApiDocument["paths"] = {
  "/v1/targets": {
    get: {
      operationId: "listTargets",
      summary: "What this process knows of its targets",
      ...guarded,
      responses: { 200: json("All of them.", ref("TargetStateList")), ...REFUSALS },
    },
  },
  "/v1/targets/{name}": {
    get: {
      operationId: "getTarget",
      summary: "What this process knows of one target",
      ...guarded,
      parameters: [
        {
          ...{ name: "name", in: "path", required: true, description: "Of the target." },
          schema: { type: "string" },
        },
      ],
      responses: {
        200: json("The target.", ref("TargetState")),
        ...REFUSALS,
        404: problem("No such target runs here; the detail names those that do."),
      },
    },
  },
  "/v1/openapi.json": {
    get: {
      operationId: "getOpenApi",
      summary: "This document",
      ...guarded,
      responses: { 200: json("OpenAPI 3.1.", { type: "object" }), ...REFUSALS },
    },
  },
  "/livez": {
    get: {
      operationId: "getLiveness",
      summary: "Whether the process lives, whatever brokers do",
      ...open,
      responses: { 200: plain("It lives.") },
    },
  },
  "/readyz": {
    get: {
      operationId: "getReadiness",
      summary: "Whether every target owns its share",
      ...open,
      responses: {
        200: json("It does.", ref("Readiness")),
        503: json("It does not; the reasons say why.", ref("Readiness")),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "getMetrics",
      summary: "Metrics",
      ...open,
      responses: { 200: plain("Prometheus text format.") },
    },
  },
};

/** The document; the same for every process of a release. */
export const OPENAPI_DOCUMENT: OpenApiDocument = {
  openapi: "3.1.0",
  info: {
    title: "Millrace operations",
    version: VERSION,
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    description:
      "What one delivery process knows of its targets: a picture of one moment, read only. Other processes have the other " +
      "partitions of a target. Fields are added under `millrace/v1`, and none changes its meaning or goes. Times are " +
      "RFC 3339, offsets text, waits ms from now.",
  },
  servers: [
    { url: "http://127.0.0.1:9464", description: "The admin port of a process, by default." },
  ],
  paths,
  components: {
    schemas,
    securitySchemes: {
      token: {
        type: "http",
        scheme: "bearer",
        description:
          "`MILLRACE_ADMIN_TOKEN` of the process. Without one it serves its own machine only.",
      },
    },
  },
};
