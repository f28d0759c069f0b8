import { EXIT } from "../exit-code.ts";
import { isApp, runApp } from "../app.ts";
import type { Registrar } from "./registrar.ts";

const DESCRIPTIONS = {
  gateway: "take events over HTTP (millrace gateway --help)",
  deliver: "deliver events to the targets (millrace deliver --help)",
} as const;

/**
 * `gateway` and `deliver`, for `--help` and for command lines that begin with an option; `main.ts` starts them without
 * all this when they come first. Their options are their own.
 */
export function addAppCommands({ program, act }: Registrar): void {
  for (const [name, description] of Object.entries(DESCRIPTIONS)) {
    if (!isApp(name)) continue;
    program
      .command(name)
      .description(description)
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action((_options, { args }) =>
        act(async ({ configPath }) => {
          await runApp(name, [...(configPath === null ? [] : ["--config", configPath]), ...args]);
          return EXIT.ok;
        }),
      );
  }
}
