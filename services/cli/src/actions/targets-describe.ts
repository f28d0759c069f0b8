import { asTarget } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { documentText } from "../output/document.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { withBoard } from "../control-access.ts";
import { chooseTarget } from "../target-choice.ts";
import { describeTarget, descriptionText } from "../targets/target-description.ts";
import { wishesOf } from "../targets/target-item.ts";

/** Shows everything that a target's deliveries are decided by. */
export async function targetsDescribe(context: CommandContext, name: string): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, name);
  const wishes = await withBoard(settings, (board) => ({
    ...wishesOf(board, name),
    asked: board.throttle(asTarget(name)),
  }));
  const item = describeTarget(target, settings.namespace, wishes);
  const { terminal, output } = context;
  if (output === null || output === "table") terminal.write(descriptionText(item, wishes));
  else terminal.write(await documentText({ kind: "TargetDescription", items: [item] }, output));
  return EXIT.ok;
}
