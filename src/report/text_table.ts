/**
 * Plain tables: aligned text for terminals, pipes for Markdown.
 * @module
 */

/** A column of a table. */
export interface TableColumn {
  /** Heading. */
  readonly title: string;
  /** Numbers are aligned to the right. */
  readonly align?: "left" | "right";
}

/** An aligned text table; an empty row becomes a rule. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const width = columns.map(({ title }, c) =>
    Math.max(visible(title), ...rows.map((row) => visible(row[c] ?? "")))
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, c) => {
      const gap = " ".repeat(width[c] - visible(cell));
      return columns[c].align === "right" ? gap + cell : cell + gap;
    }).join("  ").trimEnd();
  const rule = "─".repeat(width.reduce((a, b) => a + b + 2, -2));
  return [
    line(columns.map((c) => c.title)),
    rule,
    ...rows.map((row) => row.length === 0 ? rule : line(row)),
  ].join("\n");
}

/** A Markdown table; empty rows are left out. */
export function markdownTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(columns.map((c) => c.title)),
    line(columns.map((c) => c.align === "right" ? "--:" : "---")),
    ...rows.filter((row) => row.length > 0).map(line),
  ].join("\n");
}

function visible(text: string): number {
  return [...text].length;
}
