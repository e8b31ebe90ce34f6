// @ts-check
/// <reference lib="dom" />
import { matching, queriesOf } from "./data.js";
import { openQuery } from "./dialog.js";
import { byId, element } from "./dom.js";
import { listTable, summary } from "./list.js";

/** @typedef {import("./data.js").Queries} Queries */
/** @typedef {import("./dom.js").Entry} Entry */
/** @typedef {import("./figures.js").Behind} Behind */

/** Queries a page of the list. */
const PAGE = 50;

/**
 * Sets the explorer up; it unpacks nothing before it is looked at.
 * @param {Entry[]} results
 * @returns {{ follow: (key: string) => void, open: (behind: Behind, key: string) => void }}
 *   follow: turns to a result if its queries are here; open: shows the queries behind a point
 */
export function setUpExplorer(results) {
  const known = results.filter((r) => r.queries !== null);
  const go = () => {
    location.hash = "queries";
    byId("queries-title", HTMLElement).focus();
  };
  if (known.length === 0) return { follow: () => {}, open: go };
  const form = byId("explorer", HTMLFormElement);
  const field = (
    /** @type {string} */ name,
  ) => /** @type {HTMLSelectElement} */ (form.elements.namedItem(name));
  /** @type {Queries | undefined} */
  let queries;
  /** @type {number[]} */
  let found = [];
  let page = 0, seen = false, turn = 0;

  const filters = () => {
    const given = Object.fromEntries(new FormData(form));
    return /** @type {any} */ ({ ...given, seed: Number(given.seed) });
  };
  const update = () => {
    if (!queries) return;
    found = matching(queries, filters());
    page = 0;
    list();
  };
  const list = () => {
    if (!queries) return;
    const shown = found.slice(page * PAGE, (page + 1) * PAGE);
    const total = queries.rows(filters().seed).length;
    byId("query-count", HTMLElement).textContent = `${found.length.toLocaleString("en")} of ${
      total.toLocaleString("en")
    } queries${summary(queries, filters(), found)}`;
    byId("query-list", HTMLTableElement).replaceChildren(
      ...listTable(
        queries,
        filters(),
        shown,
        (i) => openQuery(/** @type {Queries} */ (queries), filters(), found, page * PAGE + i),
      ),
    );
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    byId("query-page", HTMLElement).textContent = `page ${page + 1} of ${pages}`;
    byId("query-previous", HTMLButtonElement).disabled = page === 0;
    byId("query-next", HTMLButtonElement).disabled = page >= pages - 1;
  };
  const turnTo = (/** @type {number} */ by) => {
    page += by;
    list();
    byId("query-count", HTMLElement).scrollIntoView({ block: "nearest" });
  };
  const load = async () => {
    const own = ++turn;
    const { queries: id } = results[Number(field("result").value)];
    const status = byId("query-count", HTMLElement);
    if (!queries) status.textContent = "Unpacking …";
    try {
      const fresh = await queriesOf(/** @type {string} */ (id));
      if (own !== turn) return; // another result was chosen meanwhile
      queries = fresh;
      fillChoices(field, queries);
    } catch (error) {
      status.textContent = `The queries cannot be shown: ${/** @type {Error} */ (error).message}.`;
      throw error;
    }
  };
  const show = () => load().then(update, () => {});

  field("result").replaceChildren(
    ...[...Map.groupBy(known, (r) => r.dataset)].map(([dataset, own]) =>
      element(
        "optgroup",
        { label: dataset },
        ...own.map((r) => new Option(r.label, `${results.indexOf(r)}`)),
      )
    ),
  );
  field("result").addEventListener("change", show);
  form.addEventListener("input", (event) => {
    if (event.target !== field("result")) update();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clear(form);
    update();
  });
  byId("query-previous", HTMLButtonElement).addEventListener("click", () => turnTo(-1));
  byId("query-next", HTMLButtonElement).addEventListener("click", () => turnTo(1));
  new IntersectionObserver((entries, watcher) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    watcher.disconnect();
    if (!seen) show();
    seen = true;
  }, { rootMargin: "200px" }).observe(byId("queries", HTMLElement));

  const turnToResult = (/** @type {string} */ key) => {
    const at = results.findIndex((r) => r.key === key && r.queries !== null);
    if (at < 0) return false;
    field("result").value = `${at}`;
    return true;
  };
  return {
    follow: (key) => {
      if (turnToResult(key) && seen) show();
    },
    open: async (behind, key) => {
      const meant = key === "across" ? resultBehind(results, behind, field("result").value) : key;
      if (meant !== undefined && !turnToResult(meant)) return go();
      seen = true;
      go();
      clear(form);
      try {
        await load();
      } catch {
        return; // it has said why
      }
      setBehind(field, behind);
      update();
      if (behind.router && field("router").value !== behind.router) {
        const status = byId("query-count", HTMLElement);
        status.textContent =
          `This result has no decisions of ${behind.router}. ${status.textContent}`;
      }
    },
  };
}

/**
 * The result that a point of a figure over several results is of, by its protocol and dataset; where the point is a
 * mean over datasets, the one that is looked at. Undefined: none in particular.
 * @param {Entry[]} results
 * @param {Behind} behind
 * @param {string} chosen number of the result now chosen
 * @returns {string | undefined}
 */
function resultBehind(results, { protocol, dataset }, chosen) {
  const now = results[Number(chosen)];
  const fits = results.filter((r) =>
    r.queries !== null && (protocol === undefined || r.protocol === protocol) &&
    (dataset === undefined || r.name === dataset)
  );
  return (fits.find((r) => r === now) ?? fits.find((r) => r.name === now?.name) ?? fits[0])?.key;
}

/**
 * Puts the filters back to none; result, seed and routers stay.
 * @param {HTMLFormElement} form
 */
function clear(form) {
  for (const name of ["benchmark", "model", "outcome", "from", "to", "text", "order", "other"]) {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = "";
  }
}

/**
 * The filters of a point or bar: a model without a router is that model alone.
 * @param {(name: string) => HTMLSelectElement} field
 * @param {Behind} behind
 */
function setBehind(field, { router, model, benchmark, solvers, solversTo }) {
  field("router").value = router ?? (model ? `model:${model}` : field("router").value);
  if (field("router").selectedIndex < 0) field("router").selectedIndex = 0;
  if (router && model) field("model").value = model;
  if (benchmark) field("benchmark").value = benchmark;
  if (solvers !== undefined) {
    field("from").value = `${solvers}`;
    field("to").value = `${solversTo ?? solvers}`;
  }
}

/**
 * Offers what a result has; what was chosen before stays chosen where there is such a thing.
 * @param {(name: string) => HTMLSelectElement} field
 * @param {Queries} queries
 */
function fillChoices(field, { seeds, routers, models, pool, benchmarks, choices, priced }) {
  const fill = (/** @type {string} */ name, /** @type {Node[]} */ options) => {
    const before = field(name).value;
    field(name).replaceChildren(...options);
    field(name).value = before;
    if (field(name).selectedIndex < 0) field(name).selectedIndex = 0;
  };
  const option = (/** @type {{ id: string, name: string }} */ { id, name }) => {
    const made = new Option(name, id);
    made.disabled = choices(0, id)(0) < 0;
    if (made.disabled) made.text += " (a mixture: no choice per query)";
    return made;
  };
  const choosers = () => [
    element("optgroup", { label: "routers" }, ...routers.filter((r) => !r.reference).map(option)),
    element("optgroup", { label: "references" }, ...routers.filter((r) => r.reference).map(option)),
    element(
      "optgroup",
      { label: "one model for all" },
      ...models.map((m) => new Option(`always ${m}`, `model:${m}`)),
    ),
  ];
  fill("seed", seeds.map((seed, s) => new Option(`${seed}`, `${s}`)));
  fill("router", choosers());
  fill("other", [new Option("nothing", ""), ...choosers()]);
  fill("benchmark", [new Option("all", ""), ...benchmarks.map((b) => new Option(b, b))]);
  fill("model", [new Option("any model", ""), ...models.map((m) => new Option(m, m))]);
  for (const name of ["from", "to"]) field(name).setAttribute("max", `${pool}`);
  for (const [name, value] of [["outcome", "cheaper"], ["order", "cost"]]) {
    const made = [...field(name).options].find((o) => o.value === value);
    if (made) made.disabled = !priced;
    if (!priced && field(name).value === value) field(name).value = "";
  }
}
