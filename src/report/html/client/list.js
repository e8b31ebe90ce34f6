// @ts-check
/// <reference lib="dom" />
import { badge } from "./dialog.js";
import { element, moneyText } from "./dom.js";

/** @typedef {import("./data.js").Queries} Queries */

/**
 * What a router made of the queries listed: `: mean score .713, $0.53 per 1,000`.
 * @param {Queries} queries
 * @param {{ seed: number, router: string }} filters
 * @param {number[]} found
 */
export function summary(queries, { seed, router }, found) {
  if (found.length === 0) return "";
  const rows = queries.rows(seed), choose = queries.choices(seed, router);
  const mean = (/** @type {(position: number) => number} */ of) =>
    found.reduce((sum, i) => sum + of(i), 0) / found.length;
  const score = mean((i) => queries.score(rows[i], choose(i)));
  const cost = queries.priced ? `, $${moneyText(mean(queries.paid(seed, router)))} per 1,000` : "";
  return `: mean score ${score.toFixed(3).replace(/^0\./, ".")}${cost}`;
}

/**
 * @param {Queries} queries
 * @param {{ seed: number, router: string, other: string }} filters
 * @param {number[]} shown
 * @param {(i: number) => void} open
 */
export function listTable(queries, { seed, router, other }, shown, open) {
  const { ids, texts, benchmarks, benchmark, models, score, solves, priced } = queries;
  const rows = queries.rows(seed), choose = queries.choices(seed, router);
  const paid = queries.paid(seed, router);
  const compare = other ? queries.choices(seed, other) : undefined;
  const heads = [
    ["query", ""],
    ["benchmark", ""],
    ["sent to", ""],
    ["score", "number"],
    ...priced ? [["$/1k", "number"]] : [],
    ...compare ? [["other: sent to", ""], ["score", "number"]] : [],
  ];
  const lines = shown.map((position, i) => {
    const row = rows[position], chosen = choose(position), second = compare?.(position) ?? -1;
    const button = element(
      "button",
      { type: "button", class: "query" },
      texts[row].replace(/\s+/g, " "),
    );
    button.addEventListener("click", () => open(i));
    return element(
      "tr",
      {},
      element("td", { class: "excerpt" }, element("span", { class: "id" }, ids[row]), button),
      element("td", {}, benchmarks[benchmark[row]]),
      element("td", {}, models[chosen]),
      element("td", { class: "number" }, badge(score(row, chosen), solves(row, chosen))),
      priced ? element("td", { class: "number" }, moneyText(paid(position))) : null,
      ...compare
        ? [
          element("td", {}, second < 0 ? "–" : models[second]),
          element(
            "td",
            { class: "number" },
            second < 0 ? "–" : badge(score(row, second), solves(row, second)),
          ),
        ]
        : [],
    );
  });
  return [
    element(
      "thead",
      {},
      element("tr", {}, ...heads.map(([t, c]) => element("th", { scope: "col", class: c }, t))),
    ),
    element("tbody", {}, ...lines),
  ];
}
