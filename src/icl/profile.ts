/**
 * Which queries stand in a model's record (icl-router §3.2): one list, shared by all models, of queries
 * that some models solve and most do not, in equal numbers of each difficulty.
 * @module
 */
import type { FitContext, TrainingData } from "../router/contract.ts";
import { byLevel, solverCounts, stratified } from "../router/stratify.ts";
import { CapabilityError, DataError } from "../base/errors.ts";

/** The queries of a profile, in the order in which they stand in the record. */
export interface ProfileList {
  /**
   * Rows of the training part: indices into `train.queries.ids`. In a list given by the protocol, those
   * from `train.queries.ids.length` on continue into the validation part.
   */
  readonly rows: Uint32Array;
  /** Their query ids, in the same order. */
  readonly ids: readonly string[];
  /** Length asked for, K; {@link rows} is shorter where there are fewer. */
  readonly asked: number;
  /** What was taken at each level, ascending; of a given list, the levels that occur in it. */
  readonly levels: readonly ProfileLevel[];
  /** Queries that could not be used: a model's score is missing, so how hard they are is not known. */
  readonly unlevelled: number;
}

/** Queries of one difficulty. */
export interface ProfileLevel {
  /** Number of models that solve them. */
  readonly level: number;
  /** Queries of this level in the list. */
  readonly taken: number;
  /** Places meant for this level; absent in a given list, where nothing was meant. */
  readonly wanted?: number;
  /** Of these, places that a query of another level took, because this one had run out. */
  readonly filled?: number;
}

/** Fewest labelled queries a record may have. */
export const SHORTEST_RECORD = 4;

/**
 * The profile list: the queries new models will be labelled on, as far as no score is missing, so that old
 * and new models have records of the same queries; or one of ICL-Router's own making.
 * @param most queries wanted; never more than a quarter of the training rows
 * @throws {CapabilityError} when there are not enough rows to make a profile of
 */
export function profileOf(
  train: TrainingData,
  most: number,
  { profile, seed, stage }: Pick<FitContext, "profile" | "seed" | "stage">,
): ProfileList {
  const N = train.queries.ids.length, K = Math.min(most, Math.floor(N / 4));
  if (K < 1) throw tooFew(N, K);
  const list = profile ? givenProfile(train, profile, K, stage) : buildProfile(train, K, seed);
  if (list.ids.length < SHORTEST_RECORD) throw tooFew(N, list.ids.length);
  return list;
}

function givenProfile(
  train: TrainingData,
  profile: readonly string[],
  k: number,
  stage: FitContext["stage"],
): ProfileList {
  // Validation labels may be in records only after the last choice that is made by them.
  const parts = stage === "final" && train.validation ? [train, train.validation] : [train];
  const incomplete = new Set(
    parts.flatMap(({ queries: { ids }, models: { length: M }, scores }) =>
      ids.filter((_, i) => scores.subarray(i * M, (i + 1) * M).some(Number.isNaN))
    ),
  );
  const complete = profile.filter((id) => !incomplete.has(id));
  return profileFromIds(train, parts[1], complete, k);
}

function tooFew(rows: number, profile: number): CapabilityError {
  return new CapabilityError(
    `${rows} training queries make a profile of ${profile}; ICL-Router needs ${SHORTEST_RECORD} at least`,
  );
}

/**
 * Chooses K queries: solved by 1…⌊M/2⌋ of the M models (from τ on, where scores are graded), equal counts
 * of every such level, stratified by benchmark inside a level; a level that runs out is filled from its
 * neighbours (where all levels are empty, from all queries). Levels and benchmarks alternate, so that every prefix is a fair profile too.
 *
 * The list depends on scores and ids of these rows alone, not on their order. It is the one that the
 * new-model protocol draws with selection `discriminative` from the same rows and models.
 *
 * @param k queries wanted, K
 * @param seed seed of the run
 * @throws {RangeError} when k is not a whole number from 1
 * @throws {CapabilityError} when no query is solved by 1…⌊M/2⌋ models
 */
export function buildProfile(train: TrainingData, k: number, seed: number): ProfileList {
  requireLength(k);
  const { queries: { ids, benchmarks }, models, scores, solvedFrom } = train;
  if (!benchmarks) throw new TypeError("training queries without benchmark labels");
  const M = models.length, half = Math.floor(M / 2);
  const solvers = solverCounts(scores, M, solvedFrom);
  const keys = { id: (row: number) => ids[row], benchmark: (row: number) => benchmarks[row] };
  const levelled = byLevel([...ids.keys()], keys, (row) => solvers[row], M, seed);
  // Models that all do alike leave every level empty; then one complete query is as good as another.
  const alike = levelled.length > 0 || half === 0
    ? []
    : stratified([...ids.keys()].filter((i) => !Number.isNaN(solvers[i])), keys, seed, "profile")
      .map((row) => ({ row, level: solvers[row], turn: 1 }));
  const order = [...levelled, ...alike].slice(0, k);
  if (order.length === 0) {
    throw new CapabilityError(
      half === 0
        ? `a profile is made of queries that some models solve and others do not; there is ${M} model`
        : `none of ${ids.length} training queries is solved by 1 to ${half} of the ${M} models, as a ` +
          "profile needs",
    );
  }
  return {
    rows: Uint32Array.from(order, ({ row }) => row),
    ids: order.map(({ row }) => ids[row]),
    asked: k,
    levels: Array.from({ length: half }, (_, i): ProfileLevel => {
      const level = i + 1, turns = order.filter(({ turn }) => turn === level);
      return {
        level,
        wanted: turns.length,
        taken: order.filter((place) => place.level === level).length,
        filled: turns.filter((place) => place.level !== level).length,
      };
    }),
    unlevelled: solvers.reduce((n, count) => n + (Number.isNaN(count) ? 1 : 0), 0),
  };
}

/**
 * The first K queries of the list on which new models will be labelled (`FitContext.profile`), so that old
 * and new models have records of the same queries. While tuning, leave `validation` out: the list then
 * goes on past the validation queries, whose labels no tuned router may have in its prompt.
 *
 * Queries of a random list may have missing scores; they stay in the list, because the budget was spent.
 *
 * @param validation rows that {@link ProfileList.rows} continues into; absent = training rows only
 * @param ids the protocol's list, first things first
 * @throws {RangeError} when k is not a whole number from 1
 * @throws {DataError} when an id occurs twice
 * @throws {CapabilityError} when no id is among the rows
 */
export function profileFromIds(
  train: TrainingData,
  validation: TrainingData | undefined,
  ids: readonly string[],
  k: number,
): ProfileList {
  requireLength(k);
  const parts = validation ? [train, validation] : [train];
  const known = parts.flatMap(({ queries }) => queries.ids);
  const rowOf = new Map(known.map((id, row) => [id, row]));
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) throw new DataError(`profile: query ${id} is given twice`);
    seen.add(id);
  }
  const own = ids.filter((id) => rowOf.has(id)).slice(0, k);
  if (own.length === 0) {
    throw new CapabilityError(
      `none of the ${ids.length} profile queries is among ${known.length} training rows`,
    );
  }
  const solvers = parts.flatMap(({ scores, models, solvedFrom }) =>
    Array.from(solverCounts(scores, models.length, solvedFrom))
  );
  const rows = Uint32Array.from(own, (id) => rowOf.get(id)!);
  const counts = Map.groupBy(rows, (row) => solvers[row]);
  return {
    rows,
    ids: own,
    asked: k,
    levels: [...counts].filter(([level]) => !Number.isNaN(level))
      .map(([level, { length: taken }]) => ({ level, taken })).sort((a, b) => a.level - b.level),
    unlevelled: counts.get(NaN)?.length ?? 0,
  };
}

/** One line for the router card: `500 profile queries; solved by 1: 125, 2: 125 (3 for 3), …`. */
export function describeProfile({ rows, asked, levels, unlevelled }: ProfileList): string {
  const parts = levels.map(({ level, taken, wanted, filled = 0 }) => {
    const meant = wanted === undefined || (wanted === taken && filled === 0)
      ? ""
      : ` (wanted ${wanted}, ${filled} filled from other levels)`;
    return `${level}: ${taken}${meant}`;
  });
  const length = rows.length < asked ? `${rows.length} of ${asked}` : String(rows.length);
  const unknown = unlevelled > 0 ? `; ${unlevelled} queries with missing scores` : "";
  return `${length} profile queries, by number of models that solve them: ${
    parts.join(", ")
  }${unknown}`;
}

function requireLength(k: number): void {
  if (!Number.isInteger(k) || k < 1) {
    throw new RangeError(`a profile of ${k} queries; expected a whole number from 1`);
  }
}
