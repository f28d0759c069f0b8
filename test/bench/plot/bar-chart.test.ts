import { expect, it } from "vitest";
import { barChart } from "./bar-chart.ts";

it("draws each figure as long as it is in its group, and names nothing that could be markup", () => {
  const bar = { min: 50, max: 100, isValid: true };
  const svg = barChart({
    title: "a < b",
    figure: "events a second",
    groups: [
      {
        name: "cell",
        bars: [
          { ...bar, name: "millrace", value: 100 },
          { ...bar, name: "other", value: 50, isValid: false },
        ],
      },
    ],
  });

  expect(svg).toContain('aria-label="a &lt; b"');
  expect(svg).toContain('width="520" height="16" fill="#1f6feb"');
  expect(svg).toContain('width="260" height="16" fill="#d0d7de"');
  expect(svg).toContain("50.0 (invalid)");
});
