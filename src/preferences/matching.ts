/**
 * Preferences as a task of their own: matchers choose a route for every test query, by settings chosen on
 * validation queries.
 * @module
 */
import { type Matrix, matrix, row } from "../linalg/mod.ts";
import { type Interval, pairedBootstrap } from "../metrics/mod.ts";
import { chooseThreshold, withOther } from "./choose.ts";
import { domainsOf, type Encoded } from "./encoded.ts";
import { type Fitted, type Level, type Matcher, MATCHERS } from "./matchers.ts";
import { pack, unpack } from "./packed.ts";
import type { Preferences } from "./read.ts";

/** Which routes a matcher may choose. */
export type LevelName = "actions" | "domains";

/** What a matcher decided under one seed. */
export interface Matched {
  /** The routes it may choose. */
  readonly level: LevelName;
  /** The matcher. */
  readonly matcher: string;
  /** Names its draws. */
  readonly seed: number;
  /** Index of the setting chosen on validation queries. */
  readonly setting: number;
  /** Support below which the route is `other`; null where nothing is too little. */
  readonly least: number | null;
  /** Index of the best route of every test query, ascending by id, as {@link pack} writes it. */
  readonly routes: string;
  /** The same with `other`, the index after the last route, where the support was too small. */
  readonly decisions: string;
}

/** A mean with its 95% interval. */
export type Cell = Pick<Interval, "mean" | "low" | "high">;

/** Numbers of one matcher on one level, over all its seeds. ↑, 0 to 1. */
export interface MatchingRow {
  /** The routes it may choose. */
  readonly level: LevelName;
  /** The matcher. */
  readonly matcher: string;
  /** Share of the queries in scope with the right route. */
  readonly exact: Cell;
  /** Share of them with a route of the right domain. */
  readonly domain: Cell;
  /** Share of the queries out of scope that are called `other`. */
  readonly irrelevance: Cell;
  /** Share of them with the right route if `other` is never called for too little support. */
  readonly forced: Cell;
}

/** What it takes to match one query after the other. */
export interface MatchingSpeed {
  /** Seconds of a fit of all settings. */
  readonly fitSeconds: number;
  /** Microseconds a query that is encoded already, median. */
  readonly p50Microseconds: number;
}

/** Single queries timed. */
const SINGLES = 200;

/** All matchers on both levels; a matcher that draws nothing runs under the first seed only. */
export async function match(
  encoded: Encoded,
  seeds: readonly number[],
): Promise<{ matched: Matched[]; speed: Record<string, MatchingSpeed> }> {
  const matched: Matched[] = [], speed: Record<string, MatchingSpeed> = {};
  for (const level of ["actions", "domains"] as const) {
    for (const matcher of MATCHERS) {
      for (const seed of matcher.random ? seeds : seeds.slice(0, 1)) {
        const { fitted, fitSeconds, ...found } = await decide(encoded, level, matcher, seed);
        matched.push(found);
        if (level === "domains" || matcher.id in speed) continue;
        speed[matcher.id] = {
          fitSeconds,
          p50Microseconds: await median(fitted, encoded.test.vectors),
        };
      }
    }
  }
  return { matched, speed };
}

async function decide(
  encoded: Encoded,
  level: LevelName,
  matcher: Matcher,
  seed: number,
): Promise<Matched & { fitted: Fitted; fitSeconds: number }> {
  const { preferences, train, validation, test } = encoded;
  const own = (labels: Int32Array): Int32Array =>
    level === "actions" ? labels : domainsOf(labels, preferences);
  const learn: Level = {
    ...encoded[level],
    routes: preferences[level].length,
    queries: train.vectors,
    ids: train.ids,
    labels: own(train.labels),
  };
  const start = performance.now(), fits = await matcher.fit(learn, seed);
  const fitSeconds = (performance.now() - start) / 1000, other = learn.routes;
  let chosen = { setting: -1, least: NaN, value: -Infinity };
  for (const [setting, fitted] of fits.entries()) {
    const found = chooseThreshold(await fitted(validation.vectors), own(validation.labels), other);
    if (found.value > chosen.value) chosen = { setting, ...found };
  }
  const { setting, least } = chosen, fitted = fits[setting], best = await fitted(test.vectors);
  return {
    ...{ level, matcher: matcher.id, seed, setting, fitted, fitSeconds },
    least: Number.isFinite(least) ? least : null,
    routes: pack(best.route),
    decisions: pack(withOther(best, least, other)),
  };
}

/**
 * Numbers of every matcher and level, from what was decided alone.
 * @throws {VerificationError} where there is not one route a test query
 */
export function matchingRows(
  preferences: Preferences,
  matched: readonly Matched[],
): MatchingRow[] {
  const { test, actions } = preferences;
  const rows = Map.groupBy(matched, ({ level, matcher }) => `${level}/${matcher}`);
  return [...rows.values()].map((runs) => {
    const [{ level, matcher }] = runs, other = preferences[level].length;
    const wanted = level === "actions" ? test.labels : domainsOf(test.labels, preferences);
    const domain = (route: number): number =>
      level === "domains" ? route : actions[route]?.domain ?? -1;
    const read = (text: string): Int32Array => unpack(text, wanted.length, other);
    const decisions = runs.map((run) => read(run.decisions));
    const share = (
      inside: boolean,
      chosen: readonly Int32Array[],
      isRight: (route: number, i: number) => boolean,
    ): Cell => {
      const asked = [...wanted.keys()].filter((i) => (wanted[i] < other) === inside);
      return cell(chosen.map((own) => Float64Array.from(asked, (i) => Number(isRight(own[i], i)))));
    };
    const isWanted = (route: number, i: number): boolean => route === wanted[i];
    return {
      level,
      matcher,
      exact: share(true, decisions, isWanted),
      domain: share(true, decisions, (route, i) => domain(route) === domain(wanted[i])),
      irrelevance: share(false, decisions, isWanted),
      forced: share(true, runs.map((run) => read(run.routes)), isWanted),
    };
  });
}

/** The mean over seeds and queries with its interval; all seeds of a query are resampled together. */
export function cell(seeds: readonly Float64Array[]): Cell {
  const Q = seeds[0].length, all = new Float64Array(seeds.length * Q);
  seeds.forEach((values, s) => all.set(values, s * Q));
  const groups = Uint32Array.from(all, (_, i) => i % Q);
  const [{ mean, low, high }] = pairedBootstrap([all], { groups });
  return { mean, low, high };
}

/** Microseconds of single queries, median. */
async function median(fitted: Fitted, vectors: Matrix): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < Math.min(SINGLES, vectors.rows); i++) {
    const query = matrix(1, vectors.width, row(vectors, i)), start = performance.now();
    await fitted(query);
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}
