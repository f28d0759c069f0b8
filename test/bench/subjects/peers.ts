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

/** What a peer is started with beside its work, by the names that its options have. */
type Tuning = Readonly<Record<string, number>>;

/** undici's `dispatch` alone. */
export const CEILING: Subject = nodePeer("undici dispatch", "ceiling", {
  settings: ({ inFlight }) => `${inFlight} connections, bodies made beforehand`,
  // Users take turns, and nothing waits for an answer.
  keepsOrder: false,
});

/** The peers. */
export function peersOf(programs: PeerPrograms): readonly Subject[] {
  return [
    parallelConsumer("vertx", programs),
    parallelConsumer("jdk", programs),
    nodePeer("kafkajs eachMessage", "kafkajs-each-message", {
      settings: ({ partitionCount }) => `partitionsConsumedConcurrently ${partitionCount}`,
      keepsOrder: true,
      tunings: [{}, { maxBytesPerPartition: 131_072 }, { autoCommitInterval: 5_000 }],
    }),
    nodePeer("kafkajs lanes", "kafkajs-lanes", {
      settings: ({ inFlight }) => `${inFlight} in flight, no promises`,
      keepsOrder: true,
      tunings: [{}, { maxBytesPerPartition: 131_072 }, { held: 1_000 }],
    }),
    peer("go lanes", {
      settings: ({ inFlight }) => `${inFlight} in flight, no promises`,
      keepsOrder: true,
      tunings: [{}, { gogc: 400 }, { held: 1_000 }],
      command: (work, tuning) => [programs.goLanes, ...flagsOf(work), ...tuningFlags(tuning)],
    }),
  ];
}

function parallelConsumer(client: "jdk" | "vertx", { java, javaClasses }: PeerPrograms): Subject {
  const program = [java, "-cp", javaClasses, "millrace.bench.ParallelConsumerPeer"];
  return peer(`parallel-consumer ${client}`, {
    settings: ({ inFlight }) => `0.5.3.3, ordering KEY, maxConcurrency ${inFlight}`,
    keepsOrder: true,
    tunings: [
      {},
      { messageBufferSize: 1_000 },
      { messageBufferSize: 10_000, "max.poll.records": 2_000 },
    ],
    command: (work, tuning) => [
      ...[...program, "--client", client, ...flagsOf(work), ...tuningFlags(tuning)],
    ],
  });
}

interface NodeTraits extends Pick<Subject, "keepsOrder" | "settings"> {
  /** What it is tried with: its defaults first. Default: those alone. */
  readonly tunings?: readonly Tuning[];
}

function nodePeer(name: string, program: string, traits: NodeTraits): Subject {
  const path = fileURLToPath(new URL(`../peers/${program}.ts`, import.meta.url));
  return peer(name, {
    tunings: [{}],
    ...traits,
    command: (work, tuning) => [
      ...[process.execPath, "--disable-warning=TimeoutNegativeWarning"],
      ...[path, JSON.stringify({ ...optionsOf(work), tuning })],
    ],
  });
}

interface PeerTraits extends Required<NodeTraits> {
  readonly command: (work: Work, tuning: Tuning) => readonly string[];
}

function peer(name: string, { settings, keepsOrder, tunings, command }: PeerTraits): Subject {
  const tuned = (tuning: Tuning, otherSettings: readonly Subject[]): Subject => ({
    ...{ name, keepsOrder, otherSettings, isOurs: false },
    settings: (work) => [settings(work), ...tuningTexts(tuning)].join(", "),
    start: (work) => started(command(work, tuning), work, name.replaceAll(" ", "-")),
  });
  const [first = {}, ...others] = tunings;
  return tuned(
    first,
    others.map((tuning) => tuned(tuning, [])),
  );
}

const started = (command: readonly string[], { folder, targetName }: Work, name: string) =>
  Promise.resolve(startProgram(command, { folder, name: `${targetName}-${name}` }));

/** What a Node program is told of its work. */
export function optionsOf(work: Work): PeerOptions {
  const { brokers, registryUrl, topic, group, url, inFlight, schemaFile } = work;
  const { eventCount, keyCount, partitionCount, catalogPath } = work;
  return {
    ...{ brokers, registryUrl, topic, group, url, inFlight, schemaFile },
    ...{ eventCount, keyCount, partitionCount, catalogPath, tuning: {} },
  };
}

function flagsOf({ brokers, topic, group, url, inFlight, schemaFile }: Work): readonly string[] {
  return [
    ...["--brokers", brokers.join(","), "--topic", topic, "--group", group],
    ...["--url", url, "--in-flight", String(inFlight), "--schema", schemaFile],
  ];
}

function tuningFlags(tuning: Tuning): readonly string[] {
  return Object.entries(tuning).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function tuningTexts(tuning: Tuning): readonly string[] {
  return Object.entries(tuning).map(([name, value]) => `${name} ${value}`);
}
