// @ts-check
/// <reference lib="dom" />
import { bestOf, solversOf } from "./data.js";
import { byId, element, moneyText, scoreText } from "./dom.js";

/** @typedef {import("./data.js").Queries} Queries */

/**
 * Shows one query: what every model scored, what every router chose, what was missed.
 * @param {Queries} queries
 * @param {{ seed: number, router: string }} shown
 * @param {number[]} found positions of the list
 * @param {number} at which of them
 */
export function openQuery(queries, { seed, router }, found, at) {
  const dialog = byId("query", HTMLDialogElement);
  const { ids, texts, benchmarks, benchmark, seeds } = queries;
  const position = found[at], row = queries.rows(seed)[position];
  const step = (/** @type {number} */ by, /** @type {string} */ title) => {
    const button = element("button", { type: "button", disabled: !(at + by in found) }, title);
    button.addEventListener("click", () => {
      openQuery(queries, { seed, router }, found, at + by);
      const again = dialog.querySelectorAll("button")[by < 0 ? 0 : 1];
      (again.disabled ? dialog.querySelectorAll("button")[2] : again).focus();
    });
    return button;
  };
  const close = element("button", { type: "button", class: "close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(
    element("div", { class: "tools" }, step(-1, "Previous"), step(1, "Next"), close),
    element("h2", { id: "query-title" }, ids[row]),
    element(
      "p",
      { class: "quiet" },
      `${benchmarks[benchmark[row]]} · seed ${seeds[seed]} · ` +
        `${solversOf(queries, row)} of ${queries.pool} models solve it` +
        (queries.solvers
          ? ` · shown: ${queries.models.length} models, those that routers chose and a best one of each query`
          : ""),
    ),
    element("blockquote", {}, texts[row]),
    element(
      "p",
      { class: "verdict" },
      verdict(queries, seed, router, position),
    ),
    episode(queries, seed, router, position) ?? "",
    element(
      "div",
      { class: "halves" },
      routersTable(queries, seed, position),
      modelsTable(queries, seed, position),
    ),
  );
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

/**
 * What the router did, in a sentence, and the answer it missed.
 * @param {Queries} queries
 * @param {number} seed
 * @param {string} router
 * @param {number} position
 */
function verdict(queries, seed, router, position) {
  const { models, routers, score, cost, solves, priced } = queries;
  const row = queries.rows(seed)[position], chosen = queries.choices(seed, router)(position);
  const asked = queries.paths(seed, router)(position), paid = queries.paid(seed, router)(position);
  const name = routers.find((r) => r.id === router)?.name ?? `Always ${router.slice(6)}`;
  const at = (/** @type {number} */ sum) => priced ? ` at $${moneyText(sum)} per 1,000` : "";
  const price = (/** @type {number} */ m) => at(cost(row, m));
  const did =
    (asked.length > 1
      ? `${name} asked ${asked.length} models and answered with ${models[chosen]}: `
      : `${name} sent it to ${models[chosen]}: `) +
    `${solves(row, chosen) ? "right" : "wrong"} (${scoreText(score(row, chosen))})${at(paid)}. `;
  const best = bestOf(queries, row);
  const gain = score(row, best) - score(row, chosen);
  if (gain > 1e-9) {
    const many = models.filter((_, m) => score(row, m) >= score(row, best) - 1e-9).length;
    return did +
      (priced
        ? `Missed: ${models[best]}, the cheapest with the best score (${
          scoreText(score(row, best))
        })${price(best)}.`
        : `Missed: ${models[best]} (${scoreText(score(row, best))})${
          many > 1 ? ` and ${many - 1} more` : ""
        }.`);
  }
  if (cost(row, best) < paid) {
    return did + `${models[best]} scores the same${price(best)}.`;
  }
  return did +
    (solves(row, chosen) || !priced ? "No model does better." : "No model does better for less.");
}

/**
 * Where several models were asked: who, whose reply is the answer, what it cost so far.
 * @param {Queries} queries
 * @param {number} seed
 * @param {string} router
 * @param {number} position
 * @returns {Node | null}
 */
export function episode(
  { models, score, cost, solves, priced, ...queries },
  seed,
  router,
  position,
) {
  const asked = queries.paths(seed, router)(position);
  if (asked.length < 2) return null;
  const row = queries.rows(seed)[position], chosen = queries.choices(seed, router)(position);
  let paid = 0;
  const lines = asked.map((m, step) => {
    paid += cost(row, m);
    const money = priced ? [cost(row, m), paid] : [];
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, `${step + 1}. asked ${models[m]}`),
      element("td", {}, m === chosen ? "its reply is the answer" : ""),
      element("td", { class: "number" }, badge(score(row, m), solves(row, m))),
      ...money.map((sum) => element("td", { class: "number" }, moneyText(sum))),
    );
  });
  const heads = ["step", "", "score", ...priced ? ["$/1k", "paid so far"] : []];
  return table("Step by step: replies were seen, scores were not", heads, 2, lines);
}

/**
 * @param {Queries} queries
 * @param {number} seed
 * @param {number} position
 */
function routersTable(queries, seed, position) {
  const { routers, models, score, solves, priced, foreseen } = queries;
  const row = queries.rows(seed)[position];
  const lines = routers.map(({ id, name, reference }) => {
    const chosen = queries.choices(seed, id)(position);
    const others = queries.paths(seed, id)(position).length - 1;
    const predicted = queries.predicted(seed, id)(position);
    return element(
      "tr",
      { class: reference ? "reference" : "competing" },
      element("th", { scope: "row" }, name),
      element(
        "td",
        {},
        chosen < 0
          ? "a mixture of models"
          : models[chosen] + (others > 0 ? ` (${others + 1} asked)` : ""),
      ),
      foreseen ? element("td", { class: "number" }, scoreText(predicted)) : null,
      element(
        "td",
        { class: "number" },
        chosen < 0 ? "–" : badge(score(row, chosen), solves(row, chosen)),
      ),
      priced
        ? element(
          "td",
          { class: "number" },
          chosen < 0 ? "–" : moneyText(queries.paid(seed, id)(position)),
        )
        : null,
    );
  });
  return table(
    "What each router chose",
    ["router", "sent to", ...foreseen ? ["predicted"] : [], "score", ...priced ? ["$/1k"] : []],
    2,
    lines,
  );
}

/**
 * @param {Queries} queries
 * @param {number} seed
 * @param {number} position
 */
function modelsTable(queries, seed, position) {
  const { routers, models, score, cost, solves, priced } = queries;
  const row = queries.rows(seed)[position];
  const used = models.map(() => 0);
  for (const { id, reference } of routers) {
    const chosen = queries.choices(seed, id)(position);
    if (!reference && chosen >= 0) used[chosen]++;
  }
  const order = models.map((_, m) => m).sort((a, b) =>
    (score(row, b) || 0) - (score(row, a) || 0) || (cost(row, a) || 0) - (cost(row, b) || 0)
  );
  const lines = order.map((m) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, models[m]),
      element("td", { class: "number" }, badge(score(row, m), solves(row, m))),
      priced ? element("td", { class: "number" }, moneyText(cost(row, m))) : null,
      element("td", { class: "number" }, used[m] > 0 ? `${used[m]}` : ""),
    )
  );
  return table(
    "What each model scores",
    ["model", "score", ...priced ? ["$/1k"] : [], "routers"],
    1,
    lines,
  );
}

/**
 * @param {number} score
 * @param {boolean} solved
 */
export function badge(score, solved) {
  return element(
    "span",
    { class: `mark ${solved ? "up" : "down"}`, title: solved ? "right" : "wrong" },
    `${solved ? "✓" : "✗"} ${scoreText(score)}`,
  );
}

/**
 * @param {string} title
 * @param {string[]} heads
 * @param {number} texts how many of them are of texts
 * @param {HTMLElement[]} lines
 */
function table(title, heads, texts, lines) {
  const head = heads.map((text, c) =>
    element("th", { scope: "col", class: c < texts ? "text" : "number" }, text)
  );
  return element(
    "div",
    { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    element(
      "table",
      {},
      element("caption", {}, title),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...lines),
    ),
  );
}
