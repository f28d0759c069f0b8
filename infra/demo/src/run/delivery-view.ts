/** What a delivery process says of a target: it tells when to go on, and no verdict looks at it. */
export interface DeliveryView {
  /** Records below the committed offsets. */
  readonly settledCount: number;
  readonly isBreakerOpen: boolean;
  /** Keys that are set aside. */
  readonly setAsideCount: number;
}

/**
 * Asks the process that serves there.
 * @throws Error when it says nothing of the target.
 */
export async function askDelivery(adminUrl: string, target: string): Promise<DeliveryView> {
  const token = process.env["MILLRACE_ADMIN_TOKEN"];
  const answer = await fetch(`${adminUrl}/v1/targets/${target}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`delivery process: HTTP ${answer.status} of ${target}`);
  return readDeliveryView(await answer.json());
}

interface TargetState {
  readonly holds: readonly { readonly kind: string }[];
  readonly partitions: readonly {
    readonly committed: string;
    readonly setAside: Readonly<Record<string, number>>;
  }[];
}

/** Sums up what `GET /v1/targets/<name>` answers. */
export function readDeliveryView(document: unknown): DeliveryView {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the process's contract
  const { items } = document as { readonly items: readonly TargetState[] };
  const partitions = items.flatMap((state) => state.partitions);
  return {
    settledCount: sum(partitions.map(({ committed }) => Number(committed))),
    isBreakerOpen: items.some(({ holds }) => holds.some(({ kind }) => kind === "breaker-open")),
    setAsideCount: sum(partitions.flatMap(({ setAside }) => Object.values(setAside))),
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
