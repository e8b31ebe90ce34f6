// @ts-check
/// <reference lib="dom" />
import { block } from "./unpack.js";

/** @typedef {import("./unpack.js").Values} Values */
/**
 * A result's queries with everything that is known of them. A chooser is a router, or one model for all.
 * @typedef {object} Queries
 * @property {string[]} ids
 * @property {string[]} texts
 * @property {string[]} models shown: of a large pool those that routers chose, and a best one of each query
 * @property {number} pool how many there are
 * @property {Values} [solvers] how many of the pool solve each table row, where not all are shown
 * @property {string[]} benchmarks
 * @property {Values} benchmark of each table row
 * @property {boolean} priced
 * @property {number[]} seeds
 * @property {{ id: string, name: string, reference: boolean }[]} routers
 * @property {(row: number, model: number) => number} score NaN where missing
 * @property {(row: number, model: number) => number} cost NaN where unknown
 * @property {(row: number, model: number) => boolean} solves
 * @property {(seed: number) => Values} rows table rows tested in the seed at this position
 * @property {(seed: number, chooser: string) => (position: number) => number} choices model, −1 where none
 * @property {(seed: number, chooser: string) => (position: number) => number[]} paths models asked in order, the chosen one
 *   among them; none of a mixture
 * @property {(seed: number, chooser: string) => (position: number) => number} paid cost of all that were asked, NaN where unknown
 * @property {boolean} foreseen whether predictions were kept
 * @property {(seed: number, router: string) => (position: number) => number} predicted score of the chosen model, NaN where
 *   that is not known
 */
/** @typedef {{ seed: number, router: string, other: string, benchmark: string, model: string, outcome: string,
 *   from: string, to: string, text: string, order: string }} Filters */

/** Scores closer than this are the same. */
const TIE = 1e-9;

/**
 * Unpacks a result's queries.
 * @param {string} id of its block
 * @returns {Promise<Queries>}
 */
export async function queriesOf(id) {
  const own = await block(id);
  const outcomes = await block(own.meta.outcomes);
  const { ids, texts } = (await block(outcomes.meta.texts)).meta;
  const { models, benchmarks, solvedFrom, scoreValues, pool } = outcomes.meta;
  const { benchmark, scores, costs, solvers } = outcomes.arrays;
  const M = models.length;
  /** @type {Queries["score"]} */
  const score = (row, model) => {
    const value = scores[row * M + model];
    return scoreValues ? scoreValues[value] ?? NaN : value;
  };
  /** @type {Queries["cost"]} */
  const cost = (row, model) => costs ? costs[row * M + model] : NaN;
  /** @type {Queries["choices"]} */
  const choices = (seed, chooser) => {
    const model = chooser.startsWith("model:") ? models.indexOf(chooser.slice(6)) : -1;
    const router = own.meta.routers.findIndex((/** @type {any} */ r) => r.id === chooser);
    if (router < 0) return () => model;
    const all = own.arrays[`choice${seed}`];
    const from = router * own.arrays[`rows${seed}`].length;
    return (position) => all[from + position] === noneOf(all) ? -1 : all[from + position];
  };
  /** @type {Queries["paths"]} */
  const paths = (seed, chooser) => {
    const all = own.arrays[`path${seed}/${chooser}`], choose = choices(seed, chooser);
    if (!all) return (position) => [choose(position)].filter((m) => m >= 0);
    const horizon = all.length / own.arrays[`rows${seed}`].length;
    return (position) =>
      [...all.subarray(position * horizon, (position + 1) * horizon)].filter((m) =>
        m !== noneOf(all)
      );
  };
  return {
    ids,
    texts,
    models,
    pool: pool ?? models.length,
    solvers,
    benchmarks,
    benchmark,
    priced: costs !== undefined,
    seeds: own.meta.seeds,
    routers: own.meta.routers,
    score,
    cost,
    solves: (row, model) => score(row, model) >= solvedFrom[benchmark[row]],
    rows: (seed) => own.arrays[`rows${seed}`],
    foreseen: own.arrays.predicted0 !== undefined,
    predicted: (seed, id) => {
      const all = own.arrays[`predicted${seed}`];
      const router = own.meta.routers.findIndex((/** @type {any} */ r) => r.id === id);
      const from = router * own.arrays[`rows${seed}`].length;
      return (position) => all && router >= 0 ? all[from + position] : NaN;
    },
    choices,
    paths,
    paid: (seed, chooser) => {
      const asked = paths(seed, chooser), rows = own.arrays[`rows${seed}`];
      return (position) =>
        asked(position).reduce((sum, m) => (sum || 0) + cost(rows[position], m), NaN);
    },
  };
}

/**
 * @param {Values} packed
 * @returns {number} what stands where there is no model
 */
function noneOf(packed) {
  return packed instanceof Uint8Array ? 0xff : 0xffff;
}

/**
 * Positions, in the seed's rows, of the queries that fit.
 * @param {Queries} queries
 * @param {Filters} filters
 * @returns {number[]}
 */
export function matching(queries, filters) {
  const { models, benchmarks, benchmark, score, cost, solves } = queries;
  const rows = queries.rows(filters.seed);
  const choose = queries.choices(filters.seed, filters.router);
  const paid = queries.paid(filters.seed, filters.router);
  const compare = filters.other ? queries.choices(filters.seed, filters.other) : () => -1;
  const wanted = {
    benchmark: benchmarks.indexOf(filters.benchmark),
    model: models.indexOf(filters.model),
  };
  const from = filters.from === "" ? 0 : Number(filters.from);
  const to = filters.to === "" ? Infinity : Number(filters.to);
  const needle = filters.text.trim().toLowerCase();
  /** @type {Record<string, (row: number, chosen: number, other: number, position: number) => boolean>} */
  const outcomes = {
    right: (row, chosen) => solves(row, chosen),
    wrong: (row, chosen) => !solves(row, chosen),
    missed: (row, chosen) => !solves(row, chosen) && solversOf(queries, row) > 0,
    cheaper: (row, _chosen, _other, position) =>
      models.some((_, m) => solves(row, m) && cost(row, m) < paid(position)),
    lost: (row, chosen, other) => !solves(row, chosen) && other >= 0 && solves(row, other),
    won: (row, chosen, other) => solves(row, chosen) && other >= 0 && !solves(row, other),
    differ: (_row, chosen, other) => other >= 0 && chosen !== other,
  };
  const outcome = outcomes[filters.outcome];
  /** @type {number[]} */
  const found = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i], chosen = choose(i);
    if (chosen < 0) continue;
    if (filters.benchmark && benchmark[row] !== wanted.benchmark) continue;
    if (filters.model && chosen !== wanted.model) continue;
    if (outcome && !outcome(row, chosen, compare(i), i)) continue;
    if (from > 0 || to < queries.pool) {
      const solvers = solversOf(queries, row);
      if (solvers < from || solvers > to) continue;
    }
    if (
      needle && !queries.texts[row].toLowerCase().includes(needle) &&
      !queries.ids[row].toLowerCase().includes(needle)
    ) continue;
    found.push(i);
  }
  if (filters.order === "lost") {
    const lost = (/** @type {number} */ i) =>
      score(rows[i], bestOf(queries, rows[i])) - score(rows[i], choose(i));
    return sortedBy(found, lost);
  }
  if (filters.order === "cost") return sortedBy(found, paid);
  return found;
}

/**
 * The cheapest model with the best score; without costs the first of them.
 * @param {Queries} queries
 * @param {number} row
 * @returns {number}
 */
export function bestOf({ models, score, cost }, row) {
  let best = 0;
  for (let m = 1; m < models.length; m++) {
    const gain = score(row, m) - score(row, best);
    if (gain > TIE || (Math.abs(gain) <= TIE && cost(row, m) < cost(row, best))) best = m;
  }
  return best;
}

/**
 * @param {Queries} queries
 * @param {number} row
 * @returns {number} how many models solve the query
 */
export function solversOf({ models, solves, solvers }, row) {
  if (solvers) return solvers[row];
  let n = 0;
  for (let m = 0; m < models.length; m++) if (solves(row, m)) n++;
  return n;
}

/**
 * @param {number[]} found
 * @param {(position: number) => number} key greatest first, unknown last
 */
function sortedBy(found, key) {
  const keyed = found.map((i) => ({ i, key: key(i) }));
  const value = (/** @type {{ key: number }} */ k) => Number.isNaN(k.key) ? -Infinity : k.key;
  return keyed.sort((a, b) => value(b) - value(a) || a.i - b.i).map(({ i }) => i);
}
