/** A command as someone would type it in a checkout, its arguments quoted where a shell would take them apart. */
export function commandLine(args: readonly string[]): string {
  return ["npx", "millrace", ...args.map(quoted)].join(" ");
}

function quoted(text: string): string {
  if (/^[\w./:=@-]+$/u.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
