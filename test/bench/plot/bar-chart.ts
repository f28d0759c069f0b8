/** Groups of horizontal bars as SVG: every figure a bar with its least and most as a whisker. */

/** One bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Whether it counts; one that does not is hatched away. */
  readonly isValid: boolean;
}

/** Bars that belong together; each group has a scale of its own. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** What a chart shows. */
export interface BarChart {
  readonly title: string;
  /** What the figures are, with their unit. */
  readonly figure: string;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 860;
const NAME_WIDTH = 190;
const BAR_WIDTH = 520;
const BAR_HEIGHT = 16;
const GAP = 4;
const HEAD = 56;
const GROUP_HEAD = 24;
const GROUP_GAP = 14;
/** Ours stands out; the others are told by their names. */
const OURS = "#1f6feb";
const OTHERS = "#8b949e";
const INVALID = "#d0d7de";

/** The chart as an SVG document. */
export function barChart({ title, figure, groups }: BarChart): string {
  let y = HEAD;
  const parts: string[] = [];
  for (const { name, bars } of groups) {
    parts.push(text([8, y + 14], name, "font-weight='bold'"));
    y += GROUP_HEAD;
    const most = Math.max(...bars.map(({ max }) => max), Number.MIN_VALUE);
    for (const bar of bars) {
      parts.push(barAt(bar, y, BAR_WIDTH / most));
      y += BAR_HEIGHT + GAP;
    }
    y += GROUP_GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`,
    ` font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escaped(title)}">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text([8, 22], title, "font-size='16' font-weight='bold'"),
    text([8, 42], `${figure}; whiskers: least and most; each group has its own scale`),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function barAt({ name, value, min, max, isValid }: Bar, y: number, scale: number): string {
  const colour = name.startsWith("millrace") ? OURS : OTHERS;
  const end = NAME_WIDTH + value * scale;
  const middle = y + BAR_HEIGHT / 2;
  const [from, to] = [NAME_WIDTH + min * scale, NAME_WIDTH + max * scale];
  const shown = value.toFixed(value < 100 ? 1 : 0);
  return [
    text([NAME_WIDTH - 8, y + 12], name, "text-anchor='end'"),
    `<rect x="${NAME_WIDTH}" y="${y}" width="${round(end - NAME_WIDTH)}" height="${BAR_HEIGHT}" fill="${isValid ? colour : INVALID}"/>`,
    `<path d="M${round(from)} ${middle}H${round(to)}M${round(from)} ${y + 4}v8M${round(to)} ${y + 4}v8" stroke="#24292f"/>`,
    text([round(Math.max(end, to)) + 6, y + 12], isValid ? shown : `${shown} (invalid)`),
  ].join("\n");
}

/** A text at a place; `style` is further attributes. */
function text([x, y]: readonly [x: number, y: number], content: string, style = ""): string {
  return `<text x="${x}" y="${y}" ${style} fill="#24292f">${escaped(content)}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

const escaped = (content: string): string =>
  content.replaceAll(/[&<>"]/gu, (character) => ESCAPES[character] ?? "");
