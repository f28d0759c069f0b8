import type { SetAsideKey } from "@millrace/engine";
import type { OpenDeadLetter, ParkedCount } from "@millrace/jobs";
import type { CommandContext } from "../context.ts";
import { withDeadLetters } from "../dead-letters/dead-letter-desk.ts";
import { recordKeyText } from "../dead-letters/key-text.ts";
import { placeText } from "../dead-letters/letter-item.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** A key that is set aside, as it is printed. */
interface QuarantineItem {
  /** UTF-8, else hex; null: the whole partition (`order: partition`). */
  readonly key: string | null;
  readonly kind: SetAsideKey["kind"];
  readonly topic: string;
  readonly partition: number;
  /** Of the event that it waits behind. */
  readonly offset: string;
  readonly since: string | null;
  /** Events parked behind it. */
  readonly parked: number;
  /** Of the dead letter; null for a deferred key, which goes on by itself. */
  readonly reason: string | null;
  readonly redrives: number;
}

const COLUMNS: readonly Column<QuarantineItem>[] = [
  { name: "key", cell: ({ key }) => key ?? "(whole partition)" },
  { name: "kind", cell: ({ kind }) => kind },
  { name: "behind", cell: placeText },
  { name: "since", cell: ({ since }) => since ?? "-" },
  { name: "parked", cell: ({ parked }) => String(parked), align: "right" },
  { name: "reason", cell: ({ reason }) => reason ?? "-" },
  { name: "redrives", cell: ({ redrives }) => String(redrives), align: "right" },
];

/** Shows the keys of a target that are set aside. */
export async function quarantineList(context: CommandContext, name: string): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, name);
  const items = await withDeadLetters({ settings, target, terminal }, async (desk) => {
    const parked = await desk.countParked();
    return desk.setAside.map((key) => itemOf(key, parked, desk.letters));
  });
  await print(context, { kind: "QuarantineList", items }, COLUMNS);
  if (items.length === 0) terminal.note(`no key of ${name} is set aside`);
  return EXIT.ok;
}

function itemOf(
  set: SetAsideKey,
  parked: ParkedCount,
  letters: readonly OpenDeadLetter[],
): QuarantineItem {
  const { kind, topic, partition, offset, since, redriveCount } = set;
  const letter = letters.find((one) => placeText(one) === placeText(set));
  return {
    ...{ key: set.key === "" ? null : recordKeyText(set.key), kind, topic, partition },
    ...{ offset: String(offset), since, parked: parked.of(set), redrives: redriveCount },
    reason: letter === undefined ? null : `${letter.reason}: ${letter.error}`,
  };
}
