/**
 * The little Markdown that this room writes (headings, paragraphs, lists, pipe tables, fences, `code`, **bold**,
 * *emphasis*, links) as HTML. Everything is escaped first, so that a text can bring no markup of its own.
 * @module
 */
import { escaped, html, Markup, type Piece } from "./markup.ts";

/**
 * Renders Markdown.
 * @param label names the tables' scroll boxes for screen readers, until a heading does
 * @param level heading level of `#`
 */
export function markdownHtml(text: string, label: string, level = 2): Markup {
  const blocks = text.trim().split(/\n{2,}/);
  let title = label;
  return html`${
    blocks.map((block) => {
      title = /^#+ (.*)$/.exec(block)?.[1] ?? title;
      return blockHtml(block, title, level);
    })
  }`;
}

/** A table in a box that scrolls on its own, reachable by keyboard. */
export function scrollBox(label: string, table: Piece): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;
}

function blockHtml(block: string, label: string, level: number): Markup {
  const heading = /^(#+) (.*)$/s.exec(block);
  if (heading) {
    const tag = new Markup(`h${Math.min(6, level + heading[1].length - 1)}`);
    return html`<${tag}>${inline(heading[2])}</${tag}>`;
  }
  const fence = /^```\w*\n(.*)\n```$/s.exec(block);
  if (fence) return html`<pre>${fence[1]}</pre>`;
  const lines = block.split("\n");
  if (lines.every((line) => line.startsWith("- "))) {
    return html`<ul>${lines.map((line) => html`<li>${inline(line.slice(2))}</li>`)}</ul>`;
  }
  if (lines.length > 1 && /^\|[\s:|-]+\|$/.test(lines[1])) return tableHtml(lines, label);
  return html`<p>${inline(block)}</p>`;
}

function tableHtml([head, rule, ...rows]: readonly string[], label: string): Markup {
  const right = cellsOf(rule).map((cell) => cell.endsWith(":"));
  const number = (c: number): Markup | false => right[c] && new Markup(' class="number"');
  return scrollBox(
    label,
    html`
      <table>
        <thead>
          <tr>${cellsOf(head).map((cell, c) =>
            html`
              <th scope="col" ${number(c)}>${inline(cell)}</th>
            `
          )}</tr>
        </thead>
        <tbody>${rows.map((row) =>
          html`<tr>${
            cellsOf(row).map((cell, c) =>
              c === 0
                ? html`<th scope="row">${inline(cell)}</th>`
                : html`<td${number(c)}>${inline(cell)}</td>`
            )
          }</tr>`
        )}</tbody>
      </table>
    `,
  );
}

/** Cells of a pipe row; `\|` is a pipe in a cell. */
function cellsOf(line: string): string[] {
  return line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * The marks within a line. Links of the repository's own pages lead nowhere from a file on somebody's disk:
 * their text stays.
 */
export function inline(text: string): Markup {
  return new Markup(
    escaped(text)
      .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
      .replaceAll(/\[([^\]]+)\]\((https:[^)\s]+)\)/g, '<a href="$2">$1</a>')
      .replaceAll(/\[([^\]]+)\]\([^)\s]+\)/g, "$1")
      .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
      .replaceAll(/(^|[\s(])\*([^*\s][^*]*)\*/g, "$1<em>$2</em>"),
  );
}
