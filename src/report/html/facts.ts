/**
 * What a result was made from: run, data, splits, audit, oracles, routers.
 * @module
 */
import { auditLines } from "../tables/detail_tables.ts";
import { DASH, digits, money } from "../tables/numbers.ts";
import { columnsOf, type Table } from "../tables/text_table.ts";
import { isNewModel, type Result } from "../../results/result.ts";
import type { Panel } from "../../evaluate/panel.ts";
import { html, Markup, type Piece } from "./markup.ts";
import type { Placed } from "./report.ts";
import { tableHtml } from "./table.ts";

/** The run in a few lines, above everything else. */
export function runFacts({ result, dataset }: Placed): Markup {
  const { protocol, embedding, harness } = result;
  return list([
    [
      "dataset",
      `${dataset}, ${result.dataset.queries} queries × ${result.dataset.models.length} models`,
    ],
    [
      "protocol",
      protocol.name + (protocol.control === "none" ? "" : `, control: ${protocol.control}`),
    ],
    ["embedding", embedding.name],
    ["seeds", protocol.seeds.join(", ")],
    ["harness", html`${harness.version}, <code>${harness.sha256.slice(0, 12)}</code>`],
    ["made by", html`<code>${result.command}</code>`],
  ]);
}

/** Data, prices, protocol, splits and audit. */
export function dataFacts({ result }: Placed): Markup {
  const { dataset, protocol, embedding, environment, splits } = result;
  const dropped = Object.entries(dataset.dropped).map(([why, n]) => `${n} ${why}`).join(", ");
  return html`${
    list([
      ["records", html`SHA-256 <code>${dataset.sha256.slice(0, 12)}</code>`],
      ["origin", dataset.synthetic ? "generated: says nothing about any real model" : "recorded"],
      [
        "prices",
        dataset.prices
          ? `list of ${dataset.prices.date}`
          : dataset.priced
          ? "costs as recorded"
          : "none known",
      ],
      ["without price", dataset.unpriced.join(", ") || "none"],
      ["rows left out", dropped || "none"],
      ["benchmarks", `${dataset.benchmarks.length}: ${dataset.benchmarks.join(", ")}`],
      ["validation rows", protocol.validation],
      ["device", protocol.device],
      [
        "embedding",
        Object.entries(embedding.facts).map(([k, v]) => `${k} ${v}`).join(", ") || DASH,
      ],
      ["environment", Object.entries(environment).map(([k, v]) => `${k} ${v}`).join(", ")],
      ["test rows opened", "once a router, after its decisions were hashed"],
    ])
  }${
    dataset.notes.length > 0 &&
    html`
      <h4>Notes on the data</h4>
      <ul>${dataset.notes.map((note) => html`<li>${note}</li>`)}</ul>
    `
  }<h4>Leakage audit</h4><ul>${auditLines(result).map((line) => html`<li>${line}</li>`)}</ul>
<details><summary>Splits (${splits.parts.length})</summary>${
    tableHtml("Splits", splitTable(result))
  }</details>`;
}

/** Oracles and hindsight references, seed by seed; every model alone. */
export function oracleFacts({ evaluation }: Result): Markup {
  if (isNewModel(evaluation)) {
    const { oracle, random } = evaluation;
    return tableHtml(
      "Oracle panel",
      table(["pool", "random", "oracle"], [
        ["all models", digits(random.all), digits(oracle.all)],
        ["new models only", digits(random.new), digits(oracle.new)],
      ]),
    );
  }
  const { panels } = evaluation;
  const shown = COLUMNS.filter(([, , pick]) => panels.some((p) => pick(p) !== null));
  const mean = (pick: (panel: Panel) => number | null): number | null =>
    panels.reduce<number | null>((sum, p) => {
      const value = pick(p);
      return sum === null || value === null ? null : sum + value / panels.length;
    }, 0);
  const models = panels[0].models.map(({ model }, m) => ({
    model,
    quality: mean((p) => p.models[m].quality),
    cost: mean((p) => p.models[m].cost),
  })).toSorted((a, b) => b.quality! - a.quality!);
  return html`
    ${tableHtml(
      "Oracle panel",
      table(["seed", ...shown.map(([title]) => title)], [
        ...panels.map((p) => [`${p.seed}`, ...shown.map(([, print, pick]) => print(pick(p)))]),
        ...(panels.length > 1
          ? [["mean", ...shown.map(([, print, pick]) => print(mean(pick)))]]
          : []),
      ]),
    )}<p
      class="legend">Hindsight: chosen on the test rows themselves, no method. Guess floor: the oracle of pure
    guessers. Discounted: without lucky guesses. κ: (oracle − floor) ÷ (1 − floor). Costs are US dollars per 1,000
    queries; unsolved queries go to the cheapest model.</p>
    <details><summary>Every model alone (${models.length})</summary>${tableHtml(
      "Single models",
      table(
        ["model", "quality", "$/1k"],
        models.map((m) => [m.model, digits(m.quality), money(m.cost)]),
      ),
    )}</details>
  `;
}

/** What the rows are: method, source, needs, chosen configurations. */
export function routersTable({ routers }: Result): Markup {
  return tableHtml("Routers", {
    columns: ["router", "method", "source", "needs", "unseen models", "grid"]
      .map((title) => ({ title })),
    rows: routers.map((r) => [
      r.name,
      r.notApplicable === null ? r.summary : `${r.summary} (not run: ${r.notApplicable})`,
      r.source,
      r.needs.join(", ") || DASH,
      r.unseen ?? DASH,
      `${r.grid.length}`,
    ]),
  });
}

type Pick = (panel: Panel) => number | null;

const COLUMNS: readonly (readonly [string, (value: number | null) => string, Pick])[] = [
  ["queries", (n) => n === null ? DASH : `${Math.round(n)}`, (p) => p.queries],
  ["random", digits, (p) => p.random.sample],
  ["best single in hindsight", digits, (p) => p.bestSingleHindsight.sample],
  ["best per benchmark in hindsight", digits, (p) => p.bestPerBenchmarkHindsight.sample],
  ["oracle", digits, (p) => p.oracle.sample],
  ["guess floor", digits, (p) => p.guessFloor],
  ["discounted oracle", digits, (p) => p.guessFloor > 0 ? p.discountedOracle : null],
  ["κ", digits, (p) => p.kappaOracle],
  ["oracle, one draw", digits, (p) => p.repeated?.singleDraw ?? null],
  ["oracle of means", digits, (p) => p.repeated?.ofMeans ?? null],
  ["oracle, split halves", digits, (p) => p.repeated?.splitHalf ?? null],
  ["oracle $/1k", money, (p) => p.oracleCost],
  ["… unsolved free", money, (p) => p.oracleCostZero],
];

function splitTable({ splits: { parts } }: Result): Table {
  return table(
    ["split", "seed", "training", "validation", "test", "dropped"],
    parts.map((p) => [p.name, ...[p.seed, p.train, p.validation, p.test, p.dropped].map(String)]),
  );
}

/** All columns but the first are numbers. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): Table {
  return { columns: columnsOf(titles), rows };
}

function list(facts: readonly (readonly [string, Piece])[]): Markup {
  return html`<dl class="facts">${
    facts.map(([name, value]) => {
      const broad = name === "made by" || typeof value === "string" && value.length > 60;
      return html`
        <div${broad && new Markup(' class="broad"')}>
          <dt>${name}</dt>
          <dd>${value}</dd>
          </div>
      `;
    })
  }</dl>`;
}
