import type { Registrar } from "./registrar.ts";

/** `init`, `schemas`, `config`. */
export function addContractCommands(registrar: Registrar): void {
  addInitCommand(registrar);
  addSchemaCommands(registrar);
  addConfigCommands(registrar);
}

const INIT_HELP = `
Creates what is missing and changes nothing that exists. A topic that differs from the catalogue is told and left as it is
(exit code 3): its partition count above all, since another count would put keys on other partitions.`;

function addInitCommand({ program, act }: Registrar): void {
  program
    .command("init")
    .description("create topics and register schemas, Millrace's own and the catalogue's")
    .option("--dry-run", "show what would be done")
    .addHelpText("after", INIT_HELP)
    .action((options) =>
      act(async (context) => {
        const { init } = await import("../actions/init.ts");
        return init(context, options.dryRun === true ? "show" : "do");
      }),
    );
}

function addSchemaCommands({ program, act }: Registrar): void {
  const schemas = program.command("schemas").description("event schemas and the registry");
  schemas
    .command("push")
    .description("register the catalogue's schemas; nothing is written when any is incompatible")
    .option("--dry-run", "show what would be done")
    .option("--catalog <file>", "the catalogue (default: the configuration's)")
    .action(({ dryRun, catalog }) =>
      act(async (context) => {
        const { schemasPush } = await import("../actions/schemas-push.ts");
        return schemasPush(context, { catalog, mode: dryRun === true ? "show" : "do" });
      }),
    );
  schemas
    .command("check")
    .description("check that every schema reads all events ever written (exit code 3 when not)")
    .option("--offline", "against the checked-in history only, without a registry")
    .option("--catalog <file>", "the catalogue (default: the configuration's)")
    .action(({ offline, catalog }) =>
      act(async (context) => {
        const { schemasCheck } = await import("../actions/schemas-check.ts");
        return schemasCheck(context, {
          catalog,
          against: offline === true ? "history" : "registry",
        });
      }),
    );
  addSchemaViews({ program: schemas, act });
}

function addSchemaViews({ program: schemas, act }: Registrar): void {
  schemas
    .command("diff")
    .description("show how the catalogue's schemas differ from the registry's newest")
    .argument("[type]", "one event type only")
    .option("--catalog <file>", "the catalogue (default: the configuration's)")
    .action((type, { catalog }) =>
      act(async (context) => {
        const { schemasDiff } = await import("../actions/schemas-diff.ts");
        return schemasDiff(context, { catalog, type });
      }),
    );
  schemas
    .command("types")
    .description("write TypeScript types for the catalogue's events")
    .option("--catalog <file>", "the catalogue (default: the configuration's)")
    .requiredOption("--out <folder>", "where to")
    .option("--check", "write nothing; exit code 3 when the files there are not as they should be")
    .action(({ catalog, out, check }) =>
      act(async (context) => {
        const { schemasTypes } = await import("../actions/schemas-types.ts");
        return schemasTypes(context, { catalog, out, mode: check === true ? "compare" : "write" });
      }),
    );
}

function addConfigCommands({ program, act }: Registrar): void {
  const config = program.command("config").description("the configuration, millrace.yaml");
  config
    .command("validate")
    .description("check a configuration: all problems at once, with file and line")
    .argument("[file]", "default: --config, else millrace.yaml")
    .option("--offline", "leave secret files unread: they need not be on this machine")
    .action((file, { offline }) =>
      act(async (context) => {
        const { configValidate } = await import("../actions/config.ts");
        return configValidate(context, file, offline === true ? "masked" : "read");
      }),
    );
  config
    .command("print")
    .description("print the configuration as it is understood, secrets masked")
    .argument("[file]", "default: --config, else millrace.yaml")
    .action((file) =>
      act(async (context) => (await import("../actions/config.ts")).configPrint(context, file)),
    );
  config
    .command("schema")
    .description("print the JSON Schema (draft 7) of millrace.yaml, for editors")
    .action(() =>
      act(async (context) => (await import("../actions/config.ts")).configSchema(context)),
    );
}
