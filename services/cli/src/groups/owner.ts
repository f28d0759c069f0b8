import { placeOf, type ClaimValue, type StateLog } from "@millrace/engine";
import type { GroupDescription } from "@millrace/kafka";

/** Who has a partition. */
export interface Owner {
  /** Kafka's id of the member. */
  readonly member: string;
  /** Where it connects from. */
  readonly host: string;
  /** As the process names itself in its logs; null until it has claimed the partition. */
  readonly process: string | null;
}

/** The owners of a target's partitions, by `<topic>/<partition>`: whom Kafka has assigned them to. */
export function ownersOf(
  { members }: GroupDescription,
  stateLog: Pick<StateLog, "list">,
  target: string,
): ReadonlyMap<string, Owner> {
  const processes = processesOf(stateLog, target);
  const owners = new Map<string, Owner>();
  for (const { memberId: member, host: address, partitions } of members) {
    // Kafka writes `/10.0.0.7`: a name that it did not look up, and the address.
    const host = address.replace(/^\//u, "");
    for (const { topic, partition } of partitions) {
      const place = `${topic}/${partition}`;
      const process = processes.get(nameOf(place, member)) ?? null;
      owners.set(place, { member, host, process });
    }
  }
  return owners;
}

/** By partition and member. A partition keeps its claim over the generations of one member. */
function processesOf(
  stateLog: Pick<StateLog, "list">,
  target: string,
): ReadonlyMap<string, string> {
  const processes = new Map<string, string>();
  for (const [key, { value }] of stateLog.list(`claim/${target}/`)) {
    const claim = readClaimant(value);
    if (claim !== null) processes.set(nameOf(placeOf(key), claim.member), claim.process);
  }
  return processes;
}

function readClaimant(value: unknown): Pick<ClaimValue, "process" | "member"> | null {
  if (typeof value !== "object" || value === null) return null;
  if (!("v" in value) || value.v !== 1 || !("process" in value) || !("member" in value))
    return null;
  const { process, member } = value;
  return typeof process === "string" && typeof member === "string" ? { process, member } : null;
}

function nameOf(place: string, member: string): string {
  return `${place} ${member}`;
}
