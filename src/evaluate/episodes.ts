/**
 * What routers that read replies did, and what reading could be worth: the paths they took, what a perfect judge
 * of replies would win, and how they differ from routers that ask one model and from their own controls.
 * @module
 */
import { bestJudgedList, type Interval, sampleMean } from "../metrics/mod.ts";
import { decidedIn, type SeedDecisions, type SeedRows, type SplitDecisions } from "./decisions.ts";
import { earnedBy } from "./earn.ts";
import { differences, pairedOverSeeds } from "./paired.ts";

/** Most models that the perfect judge asks. */
export const MOST_ASKED = 3;

/** What a perfect judge of replies earns on the test rows of a seed (`bestJudgedList`). */
export interface JudgedSeed {
  /** Most models it asks for a query. */
  readonly asked: number;
  /** Seed of the split. */
  readonly seed: number;
  /** Models in the order of asking. */
  readonly list: readonly string[];
  /** Mean score. */
  readonly quality: number;
  /** Mean of what all calls cost, US dollars a query. */
  readonly cost: number;
}

/** Queries of all seeds that went one way. */
export interface TakenPath {
  /** Models in the order of asking. */
  readonly asked: readonly string[];
  /** Whose reply is the answer. */
  readonly answer: string;
  /** How many. */
  readonly queries: number;
  /** Their mean score. */
  readonly quality: number;
  /** Mean cost of each call, in the order of asking, US dollars a query. */
  readonly paid: readonly number[];
}

/** The paths of a router at its headline setting. */
export interface RouterPaths {
  /** Router id. */
  readonly router: string;
  /** Calls a query, mean over the seeds. */
  readonly calls: number;
  /** Most frequent first. */
  readonly paths: readonly TakenPath[];
}

/** A router beside another row, on the same test rows of all seeds. */
export interface ReadingPair {
  /** Router id. */
  readonly router: string;
  /** Id of the other row. */
  readonly other: string;
  /** Difference of mean scores, 95% interval. */
  readonly score: Difference;
  /** Difference of mean costs, US dollars a query, 95% interval. */
  readonly cost: Difference;
}

/** A mean difference with its interval; null where independent units are too few. */
export type Difference = Pick<Interval, "mean" | "low" | "high">;

/** All of it. */
export interface EpisodeFacts {
  /** Seed by seed, from two models asked to {@link MOST_ASKED}. */
  readonly judged: readonly JudgedSeed[];
  /** Routers that visit models. */
  readonly routers: readonly RouterPaths[];
  /** Rows that read replies beside the others. */
  readonly pairs: readonly ReadingPair[];
}

/** A row of the table, as far as it matters here. */
export interface ReadingRow {
  /** Router id. */
  readonly id: string;
  /** Whether replies are among its needs. */
  readonly reads: boolean;
}

/** The rows that a reading router is set beside, where the run has them. */
const BESIDE = ["best-single", "knn", "ridge"];

/**
 * The reading router whose control or variant a row is: by the habit of `baselines/variants/`, its id begins with
 * the router's, then an underscore. Undefined for a router in its own right.
 */
export function controlOf(id: string, readers: readonly string[]): string | undefined {
  return readers.filter((reader) => id.startsWith(`${reader}_`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/**
 * Computes it from headline decisions.
 *
 * @param rows rows with decisions
 * @param models pool, in the order of the outcomes' columns
 * @param units resampling unit of each table row
 * @throws {DataError} where a score or cost is missing
 */
export function episodeFacts(
  rows: readonly ReadingRow[],
  entries: readonly SplitDecisions[],
  seeds: readonly SeedRows[],
  models: readonly string[],
  units: ArrayLike<number>,
): EpisodeFacts {
  const joined = new Map(
    rows.map(({ id }) => [id, seeds.map((seed) => decidedIn(entries, id, seed))] as const),
  );
  const earned = new Map(
    [...joined].map(([id, own]) => [id, own.map((d, s) => earnedBy(d, 0, seeds[s]))]),
  );
  const pairs = pairsOf(rows);
  const intervals = (of: "score" | "cost"): Interval[] =>
    pairedOverSeeds(
      pairs.map(({ router, other }) => {
        const [a, b] = [router, other].map((id) => earned.get(id)!.map((row) => row[of]!));
        return differences(a, b);
      }),
      seeds,
      units,
    );
  const score = intervals("score"), cost = intervals("cost");
  return {
    judged: seeds.flatMap((seed) => judgedIn(seed, models)),
    routers: [...joined].filter(([, own]) => own[0].paths)
      .map(([router, own]) => pathsOf(router, own, seeds, models)),
    pairs: pairs.map((pair, i) => ({
      ...pair,
      score: differenceOf(score[i]),
      cost: differenceOf(cost[i]),
    })),
  };
}

function differenceOf({ mean, low, high }: Interval): Difference {
  return { mean, low, high };
}

/** Every router that reads beside {@link BESIDE} and its own controls; a control beside none but its router. */
function pairsOf(rows: readonly ReadingRow[]): { router: string; other: string }[] {
  const readers = rows.filter(({ reads }) => reads).map(({ id }) => id);
  const own = readers.filter((id) => controlOf(id, readers) === undefined);
  return own.flatMap((router) =>
    rows.filter(({ id }) => BESIDE.includes(id) || controlOf(id, own) === router)
      .map(({ id }) => ({ router, other: id }))
  );
}

function judgedIn({ seed, outcomes }: SeedRows, models: readonly string[]): JudgedSeed[] {
  return Array.from({ length: MOST_ASKED - 1 }, (_, i): JudgedSeed => {
    const { list, quality, cost } = bestJudgedList(outcomes, i + 2);
    return { seed, asked: i + 2, list: list.map((m) => models[m]), quality, cost };
  });
}

/** Queries of one path while they are counted. */
interface Counted {
  readonly asked: readonly number[];
  readonly answer: number;
  readonly scores: number[];
  /** Costs of each call. */
  readonly costs: number[][];
}

function pathsOf(
  router: string,
  decided: readonly SeedDecisions[],
  seeds: readonly SeedRows[],
  models: readonly string[],
): RouterPaths {
  const found = new Map<string, Counted>(), calls: number[] = [], M = models.length;
  decided.forEach((decisions, s) => {
    const { visited, horizon } = decisions.paths![0], choice = decisions.choices![0];
    const { scores, costs } = seeds[s].outcomes;
    calls.push(visited.filter((m) => m < M).length / choice.length);
    choice.forEach((answer, i) => {
      const all = [...visited.subarray(i * horizon, (i + 1) * horizon)];
      const asked = all.filter((m) => m < M), key = `${asked} ${answer}`;
      const path = found.get(key) ?? { asked, answer, scores: [], costs: asked.map(() => []) };
      path.scores.push(scores[i * M + answer]);
      asked.forEach((m, step) => path.costs[step].push(costs![i * M + m]));
      found.set(key, path);
    });
  });
  const paths = [...found.values()].map(({ asked, answer, scores, costs }): TakenPath => ({
    asked: asked.map((m) => models[m]),
    answer: models[answer],
    queries: scores.length,
    quality: meanOf(scores),
    paid: costs.map(meanOf),
  }));
  const name = ({ asked, answer }: TakenPath): string => [...asked, answer].join(" ");
  paths.sort((a, b) => b.queries - a.queries || (name(a) < name(b) ? -1 : 1));
  return { router, calls: meanOf(calls), paths };
}

function meanOf(values: readonly number[]): number {
  return sampleMean(Float64Array.from(values));
}

/** What all calls of a path cost, US dollars a query. */
export function costOfPath({ paid }: Pick<TakenPath, "paid">): number {
  return paid.reduce((sum, cost) => sum + cost, 0);
}
