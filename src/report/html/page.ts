/**
 * The HTML report: one file that works from disk, without network.
 * @module
 */
import { figuresAcross, figuresOf } from "../figures/all.ts";
import { callFigures } from "../figures/calls.ts";
import type { Figure } from "../figures/figure.ts";
import { EARLY, PLOTLY, POLICY, SCRIPT, STYLE } from "./client.ts";
import { explorerHtml } from "./explorer.ts";
import { type Cell, cellsOf, DATASETS, isPlain } from "../pages/cells.ts";
import { PAPER_NOTE, paperSections } from "../pages/paper_page.ts";
import { html, jsonText, Markup } from "./markup.ts";
import { packBlock } from "./pack.ts";
import { addQueries, type Blocks, MOST_QUERIES } from "./query_data.ts";
import { type Placed, placed, type Report } from "./report.ts";
import { figuresHtml, sectionHtml } from "./section.ts";

/** Builds the page; the same report always gives the same text. */
export function htmlReport(report: Report): string {
  const results = placed(report.results);
  const blocks: Blocks = new Map();
  const entries = results.map((r) => {
    const { result, speed, entries: decisions, episodes } = r;
    const { calls, outcomes } = r;
    const byCall = calls && typeof outcomes !== "string" ? callFigures(r, outcomes, calls) : [];
    const figures = [...figuresOf({ result, speed, decisions, episodes }), ...byCall];
    blocks.set(`figures-${r.key}`, packBlock({ figures }));
    const queries = typeof r.outcomes === "string" ? undefined : addQueries(blocks, r, r.outcomes);
    return { placed: r, figures, queries, why: whyNot(r, queries) };
  });
  const across = figuresAcross(results.map((r) => r.result));
  if (across.length > 0) blocks.set("figures-across", packBlock({ figures: across }));
  const cells = paperCells(results);
  const datasets = [...new Set(results.map((r) => r.dataset))];
  const body = html`
    <header class="top">
      <div class="wide">
        <p class="brand">icl-router-bench</p>
        <h1>${datasets.join(", ")}</h1>
        <p
          class="quiet">What routers made of recorded answers. ${results
            .length} ${results.length === 1 ? "result" : "results"}; made by <code>${report
            .command}</code>.</p>
      </div>
    </header>
    ${barHtml(results, across, cells.length > 0)}
    <main class="wide">
    ${entries.map((e) => sectionHtml(e.placed, e.figures))}
    ${acrossHtml(across)}
    ${explorerHtml(entries.map(({ placed: { label, dataset }, why }) => ({ label, dataset, why })))}
    ${papersHtml(cells)}
    </main>
    <footer class="wide quiet">
      <p>Every number can be recomputed from stored decisions: <code>deno task verify</code>.
    Each result names the command that makes it again.</p>
    </footer>
  `;
  const config = {
    results: entries.map(({ placed: { key, label, dataset, result }, queries, why }) => ({
      key,
      label,
      dataset,
      name: result.dataset.name,
      protocol: result.protocol.name,
      queries: queries ?? null,
      why: why ?? null,
    })),
  };
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${POLICY}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${datasets.join(", ")} · icl-router-bench</title>
        <script>${new Markup(EARLY)}</script>
        <style>${new Markup(STYLE)}</style>
      </head>
      <body>${body}
    <script type="application/json" id="config">${jsonText(config)}</script>
    ${[...blocks].map(([id, block]) =>
      html`<script type="text/plain" id="${id}">${new Markup(block)}</script>`
    )}<script type="text/plain" id="plotly">${new Markup(PLOTLY)}</script>
    <script>${new Markup(SCRIPT)}</script>
      </body>
    </html>
  `.text + "\n";
}

/** Why a result's queries cannot be looked at; undefined where they can. */
function whyNot({ outcomes }: Placed, queries: string | undefined): string | undefined {
  if (typeof outcomes === "string") return outcomes;
  if (queries !== undefined) return undefined;
  if (outcomes.ids.length > MOST_QUERIES) {
    return `${outcomes.ids.length} queries are too many for a page: deno task export writes their decisions as CSV.`;
  }
  return "A result of unseen models has a decision for every arm and profile size in place of one per query: " +
    "its tables and figures say all there is.";
}

function barHtml(
  results: readonly Placed[],
  across: readonly Figure[],
  papers: boolean,
): Markup {
  const groups = [...Map.groupBy(results, (r) => r.dataset)];
  return html`
    <nav class="bar" aria-label="Report">
      <div class="wide">
        <label class="js">Result <select id="result">${groups.map(([dataset, own]) =>
          html`<optgroup label="${dataset}">${
            own.map(({ key, label }) => html`<option value="${key}">${label}</option>`)
          }</optgroup>`
        )}</select></label>
        <span
          class="links">${[["leaderboard", "Leaderboard"], ["figures", "Figures"], [
            "details",
            "Tables",
          ], [
            "oracles",
            "Oracles",
          ], ["data", "Data"]].map(([part, title]) =>
            html`
              <a href="#r0-${part}" data-part="${part}">${title}</a>
            `
          )}${across.length > 0 && html`
            <a href="#across">Side by side</a>
          `}<a href="#queries">Queries</a>${papers && html`
            <a href="#papers">Papers</a>
          `}</span>
        <button type="button" id="theme" class="js">Dark</button>
      </div>
    </nav>
  `;
}

/** Results that papers' numbers may stand beside: recorded data that others know, not somebody's own. */
function paperCells(results: readonly Placed[]): Cell[] {
  const known = new Set(DATASETS.map((name) => name.split("/")[0]));
  return cellsOf(results).filter((cell) =>
    isPlain(cell) && known.has(cell.dataset.split("/")[0]) &&
    cell.files.every(({ result }) => !result.dataset.version.startsWith("inferred"))
  );
}

/** What papers report of the methods, beside what they do in the recorded results shown. */
function papersHtml(cells: readonly Cell[]): Markup | null {
  if (cells.length === 0) return null;
  return html`
    <section id="papers">
      <h2>Papers said, we got</h2>
      <p class="legend">${PAPER_NOTE} This page looks at the recorded results in it.</p>
      ${paperSections(cells, []).map(({ title, lines }) =>
        html`
          <h3>${title}</h3>
          <dl class="papers">${lines.map(([label, text]) =>
            html`
              <dt>${label}</dt>
              <dd>${text}</dd>
            `
          )}</dl>
        `
      )}
    </section>
  `;
}

function acrossHtml(figures: readonly Figure[]): Markup | null {
  if (figures.length === 0) return null;
  return html`<section id="across"><h2>Side by side</h2>${
    figuresHtml("across", figures, "h3")
  }</section>`;
}
