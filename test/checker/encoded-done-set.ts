/** The done set as a deliverer writes it, for histories of tests: a second opinion on the format, apart from its reader. */
export function encodedDoneSet(committed: number, done: readonly number[]): string {
  const bytes: number[] = [];
  let position = committed;
  for (let index = 0; index < done.length;) {
    const from = done[index] ?? 0;
    let to = from;
    for (; done[index] === to; index += 1) to += 1;
    pushVarint(bytes, from - position);
    pushVarint(bytes, to - from);
    position = to;
  }
  return bytes.length === 0 ? "" : `millrace/1:${Buffer.from(bytes).toString("base64url")}`;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}
