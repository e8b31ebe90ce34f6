/**
 * Tables as HTML, built from their cells.
 * @module
 */
import type { Table } from "../tables/text_table.ts";
import { html, Markup, type Piece } from "./markup.ts";

/** A table in a box that scrolls on its own, reachable by keyboard; `label` names it for screen readers. */
export function scrollBox(label: string, table: Piece): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;
}

/** A plain table: the first cell of a row is its heading, empty rows are left out. */
export function tableHtml(label: string, { columns, rows }: Table): Markup {
  const number = (c: number): Markup | false =>
    columns[c].align === "right" && new Markup(' class="number"');
  return scrollBox(
    label,
    html`
      <table>
        <thead>
          <tr>${columns.map(({ title }, c) =>
            html`
              <th scope="col" ${number(c)}>${title}</th>
            `
          )}</tr>
        </thead>
        <tbody>${rows.filter((row) => row.length > 0).map((row) =>
          html`<tr>${
            row.map((cell, c) =>
              c === 0 ? html`<th scope="row">${cell}</th>` : html`<td${number(c)}>${cell}</td>`
            )
          }</tr>`
        )}</tbody>
      </table>
    `,
  );
}
