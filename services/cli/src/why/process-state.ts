import type { TargetView } from "@millrace/diagnosis";

/** How long a process may take to say what it knows, ms. */
const TIMEOUT_MS = 2_000;

/** A process to ask. */
export interface AskedProcess {
  readonly process: string;
  /** Null: it serves nothing. */
  readonly api: string | null;
}

/** What a process knows of a target, or why that is not known here. */
export type ProcessState =
  | { readonly view: TargetView; readonly failure: null }
  | { readonly view: null; readonly failure: string };

/**
 * Asks a process what it knows of a target. An address of one machine may be another process's on this one, so who answers
 * has to be who was asked.
 * @param token what `/v1` asks for, if anything.
 */
export async function askProcess(
  { process, api }: AskedProcess,
  target: string,
  token: string | undefined,
): Promise<ProcessState> {
  if (api === null) return unknown("it serves nothing");
  try {
    const answer = await fetch(`${api}/v1/targets/${encodeURIComponent(target)}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) return unknown(`HTTP ${answer.status} of ${api}`);
    const document: unknown = await answer.json();
    const view = viewIn(document);
    if (view === null) return unknown(`${api} says nothing of ${target}`);
    return view.process === process
      ? { view, failure: null }
      : unknown(`another process answers at ${api}`);
  } catch (error) {
    return unknown(`${api}: ${reasonOf(error)}`);
  }
}

function unknown(failure: string): ProcessState {
  return { view: null, failure };
}

/** A network failure of `fetch` stands in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function viewIn(document: unknown): TargetView | null {
  if (!isRecord(document) || !Array.isArray(document["items"])) return null;
  const items: readonly unknown[] = document["items"];
  return items.find(isTargetView) ?? null;
}

/** Processes and this program come from one release, and a document names its version. */
function isTargetView(value: unknown): value is TargetView {
  return (
    isRecord(value) &&
    typeof value["process"] === "string" &&
    Array.isArray(value["holds"]) &&
    Array.isArray(value["partitions"]) &&
    isRecord(value["attempts"])
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
