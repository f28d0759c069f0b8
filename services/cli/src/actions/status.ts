import { stackStatus } from "@millrace/local";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { STACK_COLUMNS, stackItems } from "../stack-item.ts";

/** Shows the local stack; 1 when a server of it is down, so that scripts can wait for it. */
export async function status(context: CommandContext): Promise<ExitCode> {
  const answered = await stackStatus();
  await print(context, { kind: "Stack", items: stackItems(answered) }, STACK_COLUMNS);
  if (answered.state === null) context.terminal.note("start it with millrace up");
  return answered.kafka === "up" && answered.registry === "up" ? EXIT.ok : EXIT.error;
}
