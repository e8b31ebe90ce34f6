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

/** A table before it is printed. */
export interface Table {
  /** Columns. */
  readonly columns: readonly TableColumn[];
  /** Cells; an empty row is a rule. */
  readonly rows: readonly (readonly string[])[];
}

/** Columns by their titles: the first `left` of them texts, the others numbers. */
export function columnsOf(titles: readonly string[], left = 1): TableColumn[] {
  return titles.map((title, c) => c < left ? { title } : { title, align: "right" });
}

/** Whether a row has nothing but its first cell, which may then run over the others. */
export function spans(row: readonly string[]): boolean {
  return row.length > 1 && row.slice(1).every((cell) => cell === "");
}

/** An aligned text table; an empty row becomes a rule. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): string {
  const width = columns.map(({ title }, c) =>
    Math.max(
      widthOf(title),
      ...rows.filter((row) => c > 0 || !spans(row)).map((row) => widthOf(row[c] ?? "")),
    )
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, c) => {
      const gap = " ".repeat(Math.max(0, width[c] - widthOf(cell)));
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
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [
    line(columns.map((c) => c.title)),
    line(columns.map((c) => c.align === "right" ? "--:" : "---")),
    ...rows.filter((row) => row.length > 0).map(line),
  ].join("\n");
}

/** Breaks a text into lines of at most `width` terminal columns, all but the first indented. */
export function wrapped(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(lines.length > 0 ? indent + word : word);
  }
  return lines;
}

/** A text cut to at most `width` terminal columns, with an ellipsis where something is missing. */
export function shortened(text: string, width: number): string {
  let kept = "";
  for (const { segment } of new Intl.Segmenter("en").segment(text)) {
    if (widthOf(kept + segment) > width - 1) break;
    kept += segment;
  }
  return widthOf(text) > width ? `${kept}…` : text;
}

/** East Asian scripts, CJK punctuation, full-width forms, emoji. */
const WIDE = new RegExp(
  "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}" +
    "\\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]",
  "u",
);

/** Columns a text takes in a terminal: two for East Asian and emoji characters, none for accents. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter("en").segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}
