/** Seconds as people read them, in at most two units: `0s`, `12s`, `3m12s`, `2h05m`, `3d04h`. */
export function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const units: readonly (readonly [name: string, size: number])[] = [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, size]) => whole >= size);
  const [name = "s", size = 1] = units[first] ?? [];
  const next = units[first + 1];
  const text = `${Math.floor(whole / size)}${name}`;
  if (first === -1 || next === undefined) return text;
  const rest = Math.floor((whole % size) / next[1]);
  return `${text}${String(rest).padStart(2, "0")}${next[0]}`;
}
