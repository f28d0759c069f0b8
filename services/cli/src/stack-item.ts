import type { StackStatus } from "@millrace/local";
import type { Column } from "./output/table.ts";

/** A server of the local stack, as it is printed. */
export interface StackItem {
  readonly server: "kafka" | "registry";
  readonly state: "up" | "down";
  /** Null where nothing was ever started. */
  readonly address: string | null;
  readonly pid: number | null;
  readonly log: string | null;
}

/** Both servers, Kafka first. */
export function stackItems({ kafka, registry, state }: StackStatus): readonly StackItem[] {
  return [
    {
      server: "kafka",
      state: kafka,
      address: state?.brokers.join(",") ?? null,
      pid: state?.kafka.pid ?? null,
      log: state?.kafka.log ?? null,
    },
    {
      server: "registry",
      state: registry,
      address: state?.registryUrl ?? null,
      pid: state?.registry.pid ?? null,
      log: state?.registry.log ?? null,
    },
  ];
}

/** The table of `up` and `status`. */
export const STACK_COLUMNS: readonly Column<StackItem>[] = [
  { name: "server", cell: ({ server }) => server },
  { name: "state", cell: ({ state }) => state },
  { name: "address", cell: ({ address }) => address ?? "-" },
  { name: "pid", cell: ({ pid }) => pid?.toString() ?? "-", align: "right" },
  { name: "log", cell: ({ log }) => log ?? "-" },
];
