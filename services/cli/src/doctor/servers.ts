/** What must be among the servers: brokers, topics, a registry that has the schemas, clocks that agree. */
import { asTopic } from "@millrace/engine";
import { createTopicAdmin, type TopicAdmin } from "@millrace/kafka";
import { planPush } from "@millrace/schemas";
import { connectionOf, registryOf, type Settings } from "../settings.ts";
import { desiredSchemas } from "../topics/desired-schema.ts";
import { desiredTopics, foreignTopics } from "../topics/desired-topic.ts";
import { readTopicPlan } from "../topics/read-topics.ts";
import { fail, namesText, ok, warn, type Finding } from "./finding.ts";
import { failureOf } from "./failure-finding.ts";

/** Brokers first; topics only where they answer. */
export async function checkBrokers(settings: Settings): Promise<readonly Finding[]> {
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const cluster = await checkCluster(settings, admin);
    return cluster.status === "fail" ? [cluster] : [cluster, await checkTopics(settings, admin)];
  } finally {
    await admin.close();
  }
}

async function checkCluster({ kafka }: Settings, admin: TopicAdmin): Promise<Finding> {
  try {
    const { clusterId, brokers } = await admin.describeCluster();
    const count = brokers.length === 1 ? "1 broker" : `${brokers.length} brokers`;
    return ok("kafka", `${kafka.brokers.join(", ")}: cluster ${clusterId}, ${count}`);
  } catch (error) {
    return failureOf("kafka", error);
  }
}

async function checkTopics(settings: Settings, admin: TopicAdmin): Promise<Finding> {
  try {
    const foreign = foreignTopics(settings);
    const found = await admin.describeTopics(foreign.map((name) => asTopic(name)));
    const counts = Array.from(found, ([name, of]) => [name, of.partitionCount] as const);
    const desired = desiredTopics(settings, new Map<string, number>(counts));
    const steps = await readTopicPlan(admin, desired);
    const absent = foreign.filter((name) => !found.has(asTopic(name)));
    const missing = steps
      .filter(({ action }) => action === "create")
      .map(({ topic }) => topic.name);
    const different = steps.filter(({ action }) => action === "differs");
    if (missing.length + absent.length > 0) {
      return fail("topics", `missing: ${namesText([...missing, ...absent])}`, "millrace init");
    }
    if (different.length === 0) return ok("topics", `${desired.length}, all as they should be`);
    const names = namesText(different.map(({ topic }) => topic.name));
    return warn("topics", `not as they should be: ${names}`, "millrace init tells what differs");
  } catch (error) {
    return failureOf("topics", error);
  }
}

/** Whether the registry answers, and has the catalogue's schemas and Millrace's own. */
export async function checkRegistry(settings: Settings): Promise<Finding> {
  try {
    const { steps } = await planPush(desiredSchemas(settings), registryOf(settings));
    const refused = steps.filter(({ problems }) => problems.length > 0);
    const unregistered = steps.filter(({ action }) => action !== "keep");
    const names = (of: typeof steps): string => namesText(of.map(({ subject }) => subject));
    if (refused.length > 0) {
      return fail("schemas", `incompatible: ${names(refused)}`, "millrace init says why");
    }
    if (unregistered.length > 0) {
      return fail("schemas", `not registered: ${names(unregistered)}`, "millrace init");
    }
    return ok("schemas", `${steps.length} registered at ${settings.registry.url}`);
  } catch (error) {
    return failureOf("registry", error);
  }
}

/** Beyond this, times in events and deadlines of tokens are wrong. */
const SKEW_MAX_MS = 5_000;
const CLOCK_TIMEOUT_MS = 5_000;

/** This machine's clock against the registry's, whose answers carry one; null where it gives none. */
export async function checkClock({ registry }: Settings): Promise<Finding | null> {
  const before = Date.now();
  const answer = await fetch(registry.url, {
    redirect: "manual",
    signal: AbortSignal.timeout(CLOCK_TIMEOUT_MS),
  }).catch(() => null);
  await answer?.body?.cancel();
  const theirs = Date.parse(answer?.headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return null;
  // The header has whole seconds: the truth is up to one later.
  const skewMs = Math.round((before + Date.now()) / 2 - (theirs + 500));
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  if (Math.abs(skewMs) <= SKEW_MAX_MS) return ok("clock", `within ${seconds} s of the registry's`);
  const direction = skewMs > 0 ? "ahead of" : "behind";
  return warn("clock", `${seconds} s ${direction} the registry's`, "synchronise both (NTP)");
}
