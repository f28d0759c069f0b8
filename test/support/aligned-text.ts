/** Lines of cells as text, each column as wide as its widest cell; without a line feed at the end. */
export function alignedText(lines: readonly (readonly string[])[]): string {
  const columnCount = Math.max(0, ...lines.map(({ length }) => length));
  const widths = Array.from({ length: columnCount }, (_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
