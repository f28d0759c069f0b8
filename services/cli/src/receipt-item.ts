import type { Receipt } from "@millrace/emitter";
import type { Column } from "./output/table.ts";

/** An acknowledged event, as it is printed; the offset is text, since it may exceed 2^53 one day. */
export interface ReceiptItem {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** The item of a receipt. */
export function receiptItem({ offset, ...receipt }: Receipt): ReceiptItem {
  const { id, source, type, topic, partition } = receipt;
  return { id, source, type, topic, partition, offset: String(offset) };
}

/** The table of one event's `emit`. */
export const RECEIPT_COLUMNS: readonly Column<ReceiptItem>[] = [
  { name: "id", cell: ({ id }) => id },
  { name: "type", cell: ({ type }) => type },
  { name: "topic", cell: ({ topic }) => topic },
  { name: "partition", cell: ({ partition }) => String(partition), align: "right" },
  { name: "offset", cell: ({ offset }) => offset, align: "right" },
];
