import type { Buffer } from "node:buffer";

/** Whether a body repeats one of some texts: as it stands, or as JSON or a URL would escape it. */
export function repeatsAny(body: Buffer, texts: readonly string[]): boolean {
  if (texts.length === 0 || body.length === 0) return false;
  const plain = body.toString();
  const forms = [plain];
  if (plain.includes("\\")) forms.push(unescaped(plain));
  if (plain.includes("%")) forms.push(percentDecoded(plain));
  return texts.some((text) => text !== "" && forms.some((form) => form.includes(text)));
}

function unescaped(text: string): string {
  return text
    .replaceAll(/\\u([\da-f]{4})/giu, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replaceAll(/\\(.)/gu, "$1");
}

function percentDecoded(text: string): string {
  return text.replaceAll(/%([\da-f]{2})/giu, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
}
