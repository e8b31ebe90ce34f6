/**
 * Do decisions fit their splits? Everything downstream indexes by position and relies on it: a choice
 * outside the pool, a missing row or models in another order must be caught here, by name.
 * @module
 */
import { DataError } from "../base/errors.ts";
import type { Split } from "../splits/split.ts";
import { type DecisionEntry, named } from "./decision_file.ts";
import { testRows } from "../evaluate/decisions.ts";

/** Differences of this size come from rounding to 10 digits. */
const ROUNDING = 1e-9;

/**
 * Checks every entry against its split, and the entries of a router against each other.
 *
 * @param models the pool that choices must index, in table order
 * @param where names the source in errors
 * @throws {DataError} naming the entry and what is wrong with it
 */
export function checkEntries(
  entries: readonly DecisionEntry[],
  splits: readonly Split[],
  models: readonly string[],
  where: string,
): void {
  const rows = new Map(splits.map((s) => [`${s.seed}/${s.fold}`, testRows(s).length]));
  for (const entry of entries) {
    const wrong = whatIsWrong(entry, rows.get(`${entry.seed}/${entry.fold}`), models);
    if (wrong) throw new DataError(`${where}: decisions of ${named(entry)}: ${wrong}`);
  }
  for (const own of Map.groupBy(entries, (e) => e.router).values()) {
    const kinds = kindsOf(own[0]);
    const odd = own.find((entry) => kindsOf(entry) !== kinds);
    if (odd) {
      throw new DataError(
        `${where}: decisions of ${named(odd)}: columns other than with ${named(own[0])}`,
      );
    }
  }
}

/** Arms may differ from split to split, as profiles differ in size; nothing else may. */
function kindsOf({ columns, mixtures, paths }: DecisionEntry): string {
  const kinds = columns.map(({ kind }) => kind).join();
  return /^arm(,arm)*$/.test(kinds)
    ? "arms"
    : `${mixtures ? "mixtures: " : paths ? `paths of ${paths.horizon}: ` : ""}${kinds}`;
}

function whatIsWrong(
  { columns, models: own, choice, paths, mixtures, tuning }: DecisionEntry,
  rows: number | undefined,
  models: readonly string[],
): string | undefined {
  if (rows === undefined) return "there is no such split";
  if (own.length !== models.length || own.some((model, m) => model !== models[m])) {
    return `expected choices among ${models.join(", ")}, in this order, got ${own.join(", ")}`;
  }
  const first = columns[0].kind;
  if (first !== "headline" && first !== "arm") {
    return `first column is a ${first}, not the headline`;
  }
  if (mixtures) {
    if (choice.length > 0 || paths) return "both choices and mixtures";
    if (mixtures.length !== columns.length) {
      return `${mixtures.length} mixtures for ${columns.length} columns`;
    }
    const odd = mixtures.findIndex((weights) =>
      weights.length !== models.length || !weights.every((w) => w >= 0) ||
      Math.abs(weights.reduce((sum, w) => sum + w, 0) - 1) > ROUNDING
    );
    if (odd >= 0) return `mixture ${odd} is not ${models.length} weights that sum to 1`;
  } else {
    if (choice.length !== rows * columns.length) {
      return `${choice.length} choices for ${rows} test rows × ${columns.length} columns`;
    }
    for (let i = 0; i < choice.length; i++) {
      if (choice[i] >= models.length) {
        return `choice ${i} is model ${choice[i]} of ${models.length}`;
      }
    }
    const wrong = paths && wrongPaths(choice, paths, models.length);
    if (wrong) return wrong;
  }
  return wrongTuning(tuning, columns.filter((c) => c.kind === "curve").length);
}

/** A path has one visit at least and none twice, nothing after its end, and the choice among its visits. */
function wrongPaths(
  choice: Uint16Array,
  { visited, horizon }: NonNullable<DecisionEntry["paths"]>,
  models: number,
): string | undefined {
  if (visited.length !== choice.length * horizon) {
    return `${visited.length} visits for ${choice.length} choices × ${horizon}`;
  }
  for (let i = 0; i < choice.length; i++) {
    const path = [...visited.subarray(i * horizon, (i + 1) * horizon)];
    const end = path.findIndex((m) => m >= models), visits = end < 0 ? path : path.slice(0, end);
    if (end >= 0 && path.slice(end).some((m) => m !== models)) {
      return `path ${i} goes on after its end: ${path.join(", ")}`;
    }
    if (new Set(visits).size < visits.length) {
      return `path ${i} visits a model twice: ${path.join(", ")}`;
    }
    if (!visits.includes(choice[i])) {
      return `choice ${i} is model ${choice[i]}, which was not visited`;
    }
  }
}

function wrongTuning(
  { score, area, trials, operating, replay = [] }: DecisionEntry["tuning"],
  curve: number,
): string | undefined {
  // The new-model protocol tunes on curves, but decides without.
  if (operating && curve > 0 && Math.max(operating.sameQuality, operating.halfCost) >= curve) {
    return `tuning.operating is beyond the ${curve} points of the curve`;
  }
  const isBest = (at: number, values: readonly (number | null | undefined)[]): boolean =>
    at < values.length &&
    values.every((v) => (v ?? -Infinity) <= (values[at] ?? -Infinity) + ROUNDING);
  const play = replay.findIndex(({ way, trials }) => !isBest(way, trials));
  if (play >= 0) {
    return `tuning.replay[${play}].way ${replay[play].way} is not the best of its trials`;
  }
  if (trials.length === 0) return score === 0 ? undefined : "tuning.score without trials";
  if (!isBest(score, trials.map((t) => t.score))) {
    return `tuning.score ${score} is not the best of the trials`;
  }
  if (area !== undefined && !isBest(area, trials.map((t) => t.area))) {
    return `tuning.area ${area} is not the best of the trials`;
  }
}
