/**
 * One result of the report: everything about it but its queries.
 * @module
 */
import { isNewModel, type Result } from "../../results/result.ts";
import type { Evaluation } from "../../evaluate/evaluate.ts";
import { partsTable, printed, regretTable, sharesTable } from "../tables/detail_tables.ts";
import type { Figure } from "../figures/figure.ts";
import { ranked } from "../tables/leaderboard.ts";
import { type MetricTable, metricTables } from "../tables/metric_tables.ts";
import { sentenceOf } from "../tables/sentence.ts";
import { SPEED_COLUMNS, speedRows } from "../tables/print.ts";
import { boardHtml, newModelHtml } from "./board.ts";
import { dataFacts, oracleFacts, routersTable, runFacts } from "./facts.ts";
import { html, Markup, type Piece } from "./markup.ts";
import type { Placed } from "./report.ts";
import { tableHtml } from "./table.ts";

/** The section of a result; its id is the result's key. */
export function sectionHtml(placed: Placed, figures: readonly Figure[]): Markup {
  const { result, key, label, dataset, speed } = placed;
  const { evaluation } = result, sentence = sentenceOf(result);
  return html`<section class="result" id="${key}" aria-labelledby="${key}-title">
<h2 id="${key}-title">${dataset} <span class="quiet">${label}</span></h2>
${
    result.protocol.control !== "none" &&
    html`<p class="warning">A negative control (${result.protocol.control}): what a router still gains here, it does
not owe to learning from queries.</p>`
  }${sentence && html`<p class="answer">${sentence}</p>`}${runFacts(placed)}
<h3 id="${key}-leaderboard">Leaderboard</h3>
${isNewModel(evaluation) ? newModelHtml(placed, evaluation) : boardHtml(placed, evaluation)}
<h3 id="${key}-figures">Figures</h3>
${figuresHtml(key, figures)}
<h3 id="${key}-details">More tables</h3>
${isNewModel(evaluation) ? null : detailsHtml(result, evaluation)}${
    speed && Object.keys(speed).length > 0 &&
    fold(
      "Speed, on the machine that ran it",
      tableHtml("Speed", { columns: SPEED_COLUMNS, rows: speedRows(result, speed) }),
    )
  }<details><summary>The routers: method, source, needs</summary>${routersTable(result)}</details>
<h3 id="${key}-oracles">Oracles</h3>
${oracleFacts(result)}
<h3 id="${key}-data">Data and protocol</h3>
${dataFacts(placed)}
</section>`;
}

/**
 * Places for figures, drawn by the script when they come into view.
 * @param key names their block of data
 */
export function figuresHtml(key: string, figures: readonly Figure[], heading = "h4"): Markup {
  const tag = new Markup(heading);
  return html`<noscript><p class="warning">Figures need JavaScript; deno task figures draws the same ones as SVG and
PNG.</p></noscript>${
    figures.map((figure, f) => {
      const id = `${key}-${figure.id}-${f}`;
      return html`
        <figure aria-labelledby="${id}">
          <${tag} id="${id}">${figure.title}</${tag}>
          <p class="swipe">Wider than this screen: it scrolls sideways.</p>
          <div class="scroll">
            <div class="plot" data-figures="${key}" data-figure="${f}"
              data-height="${Number(figure.layout.height) || 460}"
              data-title="${id}"></div>
          </div>
          <figcaption>${figure.caption}</figcaption>
        </figure>
      `;
    })
  }`;
}

function detailsHtml(result: Result, evaluation: Evaluation): Markup {
  const { references, competing } = ranked(result, evaluation.routers);
  const table = printed(result, [...references, ...competing]);
  const tables = [
    ["Quality in parts", partsTable(result, table)],
    ["Regret by how many models solve the query (first seed)", regretTable(table)],
    ["Share of queries sent to each model (first seed)", sharesTable(result, table)],
  ] as const;
  return html`${fold("All metrics, mean ± sd over seeds", metricTables(table).map(metricHtml))}${
    tables.map(([title, of]) => fold(title, tableHtml(title, of)))
  }`;
}

function metricHtml({ title, table, legend }: MetricTable): Markup {
  return html`<h4>${title}</h4>${tableHtml(title, table)}<ul>${
    legend.map(({ heading, key, source, meaning }) =>
      html`<li><strong>${heading}</strong> (<code>${key}</code>, ${source}): ${meaning}.</li>`
    )
  }</ul>`;
}

function fold(title: string, content: Piece): Markup {
  return html`<details><summary>${title}</summary>${content}</details>`;
}
