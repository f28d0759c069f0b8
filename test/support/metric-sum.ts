/** The sum of a gauge over all its series that a process shows, as far as their labels hold `label`. */
export async function metricSum(
  adminUrl: string,
  gauge: string,
  label: `${string}="${string}"` | "" = "",
): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const series = text.matchAll(new RegExp(`^${gauge}\\{(.*)\\} (\\d+)$`, "gmu"));
  return Array.from(series).reduce(
    (sum, [, labels = "", value]) => sum + (labels.includes(label) ? Number(value) : 0),
    0,
  );
}
