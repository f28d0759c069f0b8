import { z } from "zod";
import { certificateShape, isPair, PAIR_RULE } from "./certificates.ts";
import { topicPart } from "./scalars.ts";
import { section } from "./section.ts";
import { targetOptions } from "./target-options.ts";

const apiVersion = z
  .literal("millrace/v1", { error: () => "must be millrace/v1" })
  .describe("Version of this file's form.");
const include = z
  .array(z.string().min(1))
  .describe("Files with more targets: paths and globs, relative to this file.");
const targetName = topicPart(100);
const targets = z
  .record(targetName, targetOptions)
  .describe(
    "The APIs that events are delivered to, by name. A name is an identity: renaming makes a new target.",
  );
/** Each target is read by itself, so that an error in one does not hide those in others. */
const unreadTargets = z.record(targetName, z.unknown()).optional();

const brokerList = z
  .array(z.string().min(1))
  .min(1, { error: () => "must name at least one broker" });

const kafka = section({
  brokers: brokerList
    .optional()
    .describe("host:port each. Default: KAFKA_BROKERS, else 127.0.0.1:9092."),
  clientId: z.string().min(1).optional().describe("Name the brokers log. Default: millrace."),
  ssl: z
    .union([z.boolean(), section(certificateShape).refine(isPair, PAIR_RULE)], {
      error: () => "must be true, false or {ca, cert, key}",
    })
    .optional()
    .describe("TLS to the brokers. Default: false."),
  sasl: section({
    mechanism: z.enum(["plain", "scram-sha-256", "scram-sha-512"]),
    username: z.string().min(1),
    password: z.string().min(1),
  })
    .optional()
    .describe("How the brokers know us."),
});

const registry = section({
  url: z
    .string()
    .optional()
    .describe("Confluent-compatible API. Default: SCHEMA_REGISTRY_URL, else the local stack's."),
  auth: section({
    type: z.literal("basic"),
    username: z.string().min(1),
    password: z.string().min(1),
  }).optional(),
});

const mainFileShape = {
  apiVersion,
  namespace: topicPart(60)
    .optional()
    .describe("First part of the names of Millrace's own topics and groups. Default: millrace."),
  catalog: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The event catalog, relative to this file. Default: the one that comes with Millrace.",
    ),
  kafka: kafka.optional(),
  registry: registry.optional(),
  include: include.optional(),
};

/** The file named on the command line, its targets not yet looked at. */
export const mainFileOptions = section({ ...mainFileShape, targets: unreadTargets });

/** A file that another includes: targets, and further files. */
export const includedFileOptions = section({
  apiVersion: apiVersion.optional(),
  include: include.optional(),
  targets: unreadTargets,
});

/** The main file's options, checked. */
export type MainFileOptions = z.output<typeof mainFileOptions>;

/** The kafka options, checked. */
export type KafkaOptions = z.output<typeof kafka>;

/** The registry options, checked. */
export type RegistryOptions = z.output<typeof registry>;

/**
 * The JSON Schema (draft 7, the newest that YAML editors know) of the main file. Included files fit it as well, but
 * for the missing `apiVersion`.
 */
export function configJsonSchema(): object {
  const wholeFile = section({ ...mainFileShape, targets: targets.optional() });
  const schema = z.toJSONSchema(wholeFile, { target: "draft-7", io: "input" });
  return { ...schema, title: "Millrace configuration" };
}
