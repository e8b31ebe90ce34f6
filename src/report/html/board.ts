/**
 * The leaderboard of a result as an HTML table: complete without scripts, sorted and filtered with them.
 * @module
 */
import type { Evaluation, RouterReport } from "../../evaluate/evaluate.ts";
import type { NewModelEvaluation } from "../../evaluate/evaluate_new_model.ts";
import type { Result } from "../../results/result.ts";
import {
  comparisonWith,
  type Leaderboard,
  leaderboard,
  marks,
  oracleGap,
  oracleQuality,
  ranked,
} from "../tables/leaderboard.ts";
import { newModelNotes, newModelTable, rivalsTable } from "../tables/new_model_table.ts";
import { closingNotes } from "../tables/notes.ts";
import { reachedIn } from "../tables/reached.ts";
import { html, type Markup } from "./markup.ts";
import type { Placed } from "./report.ts";
import { scrollBox } from "./table.ts";

/** Leaderboard with its tools, legend and the sentences that methods must carry. */
export function boardHtml(placed: Placed, evaluation: Evaluation): Markup {
  const { result, key } = placed;
  const board = leaderboard(result, evaluation);
  const { references, competing } = ranked(result, evaluation.routers);
  const [oracle, ...lines] = board.rows.filter((cells) => cells.length > 0);
  const keys = sortKeys(result, evaluation);
  const line = (cells: readonly string[], report: RouterReport | undefined, kind: string): Markup =>
    html`<tr class="${kind}">${
      cells.map((text, c) => {
        if (c === 0) {
          return html`<th scope="row">${
            report
              ? html`<a href="#queries" class="to-queries" data-router="${report.router}">${text}</a>`
              : text
          }</th>`;
        }
        const { title, align } = board.columns[c];
        return html`<td class="${align === "right" ? "number" : "text"}" data-sort="${
          keys(title, report)
        }">${title === "vs" ? chips(text) : text}</td>`;
      })
    }</tr>`;
  return html`
    <form class="tools js" data-filters="${key}-board">
      <label>Find <input type="search" name="text" placeholder="router name"></label>
      <label>Rows <select name="kind"><option value="">all</option><option value="competing">routers</option><option value="reference">references</option></select></label>
      <output aria-live="polite"></output>
    </form>
    ${scrollBox(
      "Leaderboard",
      html`
        <table id="${key}-board" class="sortable">
          <caption><span class="words"><span data-order>Best first; references above.</span> A router's name leads to its queries.</span></caption>
          <thead>
            <tr>${board.columns.map(({ title, align }) =>
              html`<th scope="col" class="${align === "right" ? "number" : "text"}">${title}</th>`
            )}</tr>
          </thead>
          <tbody>${line(oracle, undefined, "reference")}${lines.map((cells, i) => {
            const reference = i < references.length;
            const report = reference ? references[i] : competing[i - references.length];
            const first = i === references.length ? " first" : "";
            return line(cells, report, (reference ? "reference" : "competing") + first);
          })}</tbody>
        </table>
      `,
    )}
    ${notesHtml(board.notes, closingNotes(result))}
  `;
}

/** The tables of unseen models. */
export function newModelHtml({ result }: Placed, evaluation: NewModelEvaluation): Markup {
  const tables = [
    ["All models to choose from", newModelTable(result, evaluation, "all")],
    ["Only the new models to choose from", newModelTable(result, evaluation, "new")],
    ["Own arm against own arm", rivalsTable(result, evaluation)],
  ] as const;
  const notes = newModelNotes(result);
  return html`${
    tables.map(([title, table]) =>
      table &&
      html`<h4>${title}</h4>${groupedTable(title, table)}<p class="legend">${
        table.notes.join(" ")
      }</p>`
    )
  }${notesHtml(notes, closingNotes(result))}`;
}

/** Rows whose first cell is not indented name the indented rows below them. */
function groupedTable(title: string, { columns, rows }: Leaderboard): Markup {
  return scrollBox(
    title,
    html`
      <table class="grouped sortable">
        <caption><span data-order>References first.</span></caption>
        <thead>
          <tr>${columns.map(({ title, align }) =>
            html`<th scope="col" class="${align === "right" ? "number" : "text"}">${title}</th>`
          )}</tr>
        </thead>
        <tbody>${rows.filter((cells) => cells.length > 0).map(([name, ...cells]) =>
          name.startsWith("  ")
            ? html`<tr><th scope="row" class="arm">${name.trim()}</th>${
              cells.map((text) =>
                html`<td class="number${
                  /\+\s*$/.test(text) ? " up" : /−\s*$/.test(text) ? " down" : ""
                }" data-sort="${sortable(text)}">${text}</td>`
              )
            }</tr>`
            : html`
              <tr class="group">
                <th scope="row" colspan="${columns.length}">${name}</th>
              </tr>
            `
        )}</tbody>
      </table>
    `,
  );
}

/** The number in `.712+`, `−.052*`; empty where there is none. */
function sortable(text: string): string {
  const number = parseFloat(text.replace(/^−/, "-"));
  return Number.isNaN(number) ? "" : String(number);
}

/** What the columns mean, and below it what rows and data are not. */
function notesHtml(notes: readonly string[], closing: readonly string[]): Markup {
  const legend = notes.slice(0, notes.length - closing.length);
  return html`<ul class="legend">${legend.map((note) => html`<li>${note}</li>`)}</ul>${
    closing.length > 0 &&
    html`
      <details>
        <summary>What the rows are not (${closing.length})</summary>
        <ul class="legend statements">${closing.map((note) => html`<li>${named(note)}</li>`)}</ul>
      </details>
    `
  }`;
}

/** `name: sentence` with the name set off; `– reason: names` is about rows that are not there. */
function named(note: string): Markup {
  const [, name, sentence] = /^(.*?): (.*)$/s.exec(note.replace(/^– /, "not run, ")) ?? [];
  return name === undefined ? html`${note}` : html`<strong>${name}</strong>: ${sentence}`;
}

const REFERENCES: Readonly<Record<string, string>> = {
  S: "best single",
  Z: "zero router",
  K: "tuned kNN",
};

/** `S+K−` as marks with their meaning in words. */
function chips(text: string): Markup {
  return html`${
    [...text.matchAll(/([SZK])([+−])/g)].map(([mark, reference, sign]) =>
      html`<span class="mark ${sign === "+" ? "up" : "down"}" title="significantly ${
        sign === "+" ? "better" : "worse"
      } than ${REFERENCES[reference]}">${mark}</span>`
    )
  }`;
}

/** Sorting goes by the numbers, not by their printed digits; empty = nothing known, always last. */
function sortKeys(
  { dataset }: Result,
  evaluation: Evaluation,
): (column: string, report: RouterReport | undefined) => string {
  return (column, report) => {
    if (!report) {
      const cost = evaluation.panels.reduce((sum, p) => sum + (p.oracleCost ?? NaN), 0);
      const known = {
        quality: oracleQuality(evaluation),
        gap: oracleGap(evaluation) === "100%" ? 1 : null,
        "$/1k": cost / evaluation.panels.length,
      };
      return text(known[column as keyof typeof known]);
    }
    const { mean, router } = report;
    const single = comparisonWith(evaluation.comparisons, router, "best-single");
    const signs = marks(evaluation.comparisons, router);
    const known: Record<string, number | null | undefined> = {
      quality: mean.quality,
      "Δ single [95% CI]": single?.difference,
      vs: signs.split("+").length - signs.split("−").length,
      gap: mean.gap_closed,
      top: mean.collapse,
      ...(dataset.priced &&
        { "$/1k": mean.cost, Area: mean.area, QNC: reachedIn(report, "qnc").mean }),
    };
    return text(known[column]);
  };
}

function text(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? "" : String(value);
}
