import { loadConfig, type MillraceConfig } from "@millrace/config";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { typeResolver } from "../input/event-type.ts";
import { readTextSource } from "../input/text-argument.ts";
import { documentText } from "../output/document.ts";
import { safeText } from "../output/safe-text.ts";
import { readEvent } from "../render/event-file.ts";
import { asLive } from "../render/offline-codec.ts";
import { renderRequest, type RenderedRequest } from "../render/rendered-request.ts";
import { requireConfig } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** The `source` of an event file that names none. */
const DEFAULT_SOURCE = "urn:millrace:cli";

/** What is rendered for whom. */
export interface RenderOptions {
  readonly target: string;
  /** A file, `-` for standard input. */
  readonly event: string;
}

/** Shows the call that a target would get for an event. Asks no server; secrets are masked. */
export async function render(context: CommandContext, options: RenderOptions): Promise<ExitCode> {
  const path = requireConfig(context);
  const config = await loadConfig(path, { env: context.env, secrets: "masked" });
  const target = chooseTarget({ targets: config.targets, origin: path }, options.target);
  const name = options.event === "-" ? "standard input" : options.event;
  const given = readEvent(await readTextSource(options.event, context.input), name);
  const { catalog } = config;
  const { attributes, extensions, data } = given;
  const type = typeResolver(catalog.types.keys())(given.type);
  const input = { source: DEFAULT_SOURCE, ...attributes, extensions, type, data };
  const live = await asLive(catalog, input);
  const { terminal } = context;
  if (!target.topics.includes(live.topic)) {
    const topics = target.topics.join(", ");
    terminal.complain(
      `${target.name} never gets this event: it reads ${topics}, not ${live.topic}`,
    );
  }
  await show(context, masked(config, renderRequest(target, live)));
  return EXIT.ok;
}

/** A secret may have got into the mapped parts as well. */
function masked(config: MillraceConfig, request: RenderedRequest): RenderedRequest {
  const { secrets } = config;
  const mask = (text: string | null): string | null =>
    text === null ? null : secrets.maskText(text);
  const headers = Object.entries(request.headers).map(
    ([name, value]) => [name, secrets.maskText(value)] as const,
  );
  return {
    ...request,
    url: mask(request.url),
    headers: Object.fromEntries(headers),
    body: mask(request.body),
  };
}

async function show({ terminal, output }: CommandContext, request: RenderedRequest): Promise<void> {
  if (output !== null && output !== "table") {
    terminal.write(await documentText({ kind: "RenderedRequest", items: [request] }, output));
  } else if (request.outcome === "filtered") {
    terminal.note(`filtered: ${request.target} gets nothing for this event`);
  } else {
    terminal.write(requestText(request));
  }
}

/** The call as HTTP writes it; the body as it goes out, byte by byte. */
function requestText({ method, url, headers, body }: RenderedRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => safeText(`${name}: ${value}`));
  const head = [safeText(`${method ?? ""} ${url ?? ""}`), ...lines].join("\n");
  return body === null ? `${head}\n` : `${head}\n\n${body}\n`;
}
