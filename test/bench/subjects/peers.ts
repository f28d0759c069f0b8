/** What a user would pick instead, each as its documentation says, and the ceiling. */
import { fileURLToPath } from "node:url";
import type { PeerOptions } from "../peers/peer-options.ts";
import { startProgram } from "./program.ts";
import type { Subject, Work } from "./subject.ts";

/** Programs that were built for the run. */
export interface PeerPrograms {
  /** `test/bench/go/lanes`. */
  readonly goLanes: string;
  /** Class path of `test/bench/java`. */
  readonly javaClasses: string;
  readonly java: string;
}

/** undici's `dispatch` alone. */
export const CEILING: Subject = nodePeer("undici dispatch", "ceiling", {
  settings: ({ inFlight }) => `${inFlight} connections, bodies made beforehand`,
  // Users take turns, and nothing waits for an answer.
  keepsOrder: false,
});

/** The peers. */
export function peersOf({ goLanes, javaClasses, java }: PeerPrograms): readonly Subject[] {
  const parallelConsumer = (client: "jdk" | "vertx"): Subject => ({
    name: `parallel-consumer ${client}`,
    settings: ({ inFlight }) => `0.5.3.3, ordering KEY, maxConcurrency ${inFlight}`,
    keepsOrder: true,
    isOurs: false,
    start: (work) => {
      const command = [java, "-cp", javaClasses, "millrace.bench.ParallelConsumerPeer"];
      return started([...command, "--client", client, ...flagsOf(work)], work, client);
    },
  });
  return [
    parallelConsumer("vertx"),
    parallelConsumer("jdk"),
    nodePeer("kafkajs eachMessage", "kafkajs-each-message", {
      settings: ({ partitionCount }) => `partitionsConsumedConcurrently ${partitionCount}`,
      keepsOrder: true,
    }),
    nodePeer("kafkajs lanes", "kafkajs-lanes", {
      settings: ({ inFlight }) => `${inFlight} in flight, no promises`,
      keepsOrder: true,
    }),
    {
      name: "go lanes",
      settings: ({ inFlight }) => `${inFlight} in flight, no promises`,
      keepsOrder: true,
      isOurs: false,
      start: (work) => started([goLanes, ...flagsOf(work)], work, "go"),
    },
  ];
}

function nodePeer(
  name: string,
  program: string,
  traits: Pick<Subject, "keepsOrder" | "settings">,
): Subject {
  const path = fileURLToPath(new URL(`../peers/${program}.ts`, import.meta.url));
  return {
    name,
    isOurs: false,
    ...traits,
    start: (work) =>
      started(
        [
          ...[process.execPath, "--disable-warning=TimeoutNegativeWarning"],
          ...[path, JSON.stringify(optionsOf(work))],
        ],
        work,
        program,
      ),
  };
}

const started = (command: readonly string[], { folder, targetName }: Work, name: string) =>
  Promise.resolve(startProgram(command, { folder, name: `${targetName}-${name}` }));

/** What a Node program is told of its work. */
export function optionsOf(work: Work): PeerOptions {
  const { brokers, registryUrl, topic, group, url, inFlight, schemaFile } = work;
  const { eventCount, keyCount, partitionCount, catalogPath } = work;
  return {
    ...{ brokers, registryUrl, topic, group, url, inFlight, schemaFile },
    ...{ eventCount, keyCount, partitionCount, catalogPath },
  };
}

function flagsOf({ brokers, topic, group, url, inFlight, schemaFile }: Work): readonly string[] {
  return [
    ...["--brokers", brokers.join(","), "--topic", topic, "--group", group],
    ...["--url", url, "--in-flight", String(inFlight), "--schema", schemaFile],
  ];
}
