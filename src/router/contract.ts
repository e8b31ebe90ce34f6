/**
 * The contract between routing methods and the harness.
 *
 * A {@link Router} is a method before it has seen data, a {@link FittedRouter} one after. A fitted
 * router predicts quality (and perhaps cost) per query and model; it never decides, because the decision
 * rule (`decide.ts`) is shared by all, and it never sees the outcomes of the queries it predicts.
 *
 * To add a router, default-export a {@link Router} from one file, in `baselines/` or elsewhere; `mod.ts` shows one.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { Random } from "../base/random.ts";
import type { Reply } from "../base/reply.ts";

/**
 * What a router uses beyond query texts, vectors and training scores. The harness withholds what is not
 * named here, and prints a dash with the reason where the dataset lacks it.
 *
 * - `cost`: realised training costs, for every model of the pool
 * - `benchmark`: the benchmark label of the query to be routed (training labels are always given)
 * - `truth`: true success probabilities, synthetic data only
 * - `replies`: what the models said to the training queries; a {@link SequentialRouter} (`sequential.ts`) also
 *   sees the replies that it pays for
 * - `documents`: the documents that stand before the query, and the training scores without them
 */
export type Need = "cost" | "benchmark" | "truth" | "replies" | "documents";

/** How a router takes in a model it was not fitted with. */
export type UnseenArm = "zero-update" | "fit-new-vector";

/** A routing method. `C` is its configuration, `N` its way of taking in new models: plain JSON objects. */
export interface Router<C = unknown, N = unknown> {
  /** As printed in tables; carries a suffix where it departs from its paper. */
  readonly name: string;
  /** The method in one line. */
  readonly summary: string;
  /** Where it comes from: paper and section, or "folklore". */
  readonly source: string;
  /** The sentence to print under every table, if the implementation departs from its source. */
  readonly statement?: string;
  /** Fields used beyond texts, vectors and training scores. */
  readonly needs?: readonly Need[];
  /** Configurations to choose from on validation rows, at most 30; the first is the default. */
  readonly grid: readonly C[];
  /**
   * After tuning, fit again on training and validation rows together (default), or keep them apart: the
   * last fit then gets the training rows, with the validation rows as `train.validation`.
   */
  readonly refit?: "train+validation" | "train";
  /** How {@link FittedRouter.withModels} works; required where that method exists. */
  readonly unseen?: UnseenArm;
  /**
   * Ways of taking in new models (shrinkage, penalties, …), at most 30. The harness chooses one for each number
   * of labels, on validation rows, by playing known models as new (`run/replay.ts`); the first wins ties.
   * Without this list it chooses from {@link Router.grid} in the same way, which costs three fits for each
   * configuration. A list of one says that there is nothing to choose.
   */
  readonly unseenGrid?: readonly N[];
  /**
   * Whether predicted qualities are on the scale of scores (default) or only order the models; calibration
   * is reported for the former alone.
   */
  readonly scale?: "score" | "rank";
  /**
   * How long a fit takes on a few thousand recorded queries, where that can be felt; a run says what
   * it leaves out. Unless it is named, a router of `seconds` does not run on the folds of a synthetic pool
   * (the demo must end quickly), one of `minutes` on synthetic pools in-distribution only, one with the need
   * `replies` nowhere.
   */
  readonly effort?: "seconds" | "minutes";
  /**
   * Id of the language model that it fine-tunes, as `deno task lm list` has it. Such a router runs only where it
   * is named, and its fit is refused where the weights are not on this machine.
   */
  readonly weights?: string;
  /** Rows of a table that only frame it (random, best single, …) rather than compete. */
  readonly reference?: boolean;
  /** Learns from training rows. Must be deterministic given its arguments. */
  fit(
    train: TrainingData,
    config: C,
    context: FitContext,
  ): FittedRouter<N> | Promise<FittedRouter<N>>;
}

/** A fitted method; `N` as in {@link Router}. */
export interface FittedRouter<N = unknown> {
  /** Column order of the predictions. */
  readonly models: readonly string[];
  /** Predicts for queries whose outcomes it cannot see. */
  predict(queries: QueryBatch): Predictions | Promise<Predictions>;
  /**
   * The same router over a larger pool: its models and those of the profiles, without retraining.
   * @param way one of {@link Router.unseenGrid}; by default what the method's source does, or the fit's configuration
   * @throws {CapabilityError} when a profile is too small or lacks what the method needs
   */
  withModels?(profiles: ModelProfiles, way?: N): FittedRouter<N> | Promise<FittedRouter<N>>;
  /** A native quality-cost dial that takes the place of λ on the curve (α of Avengers-Pro). */
  readonly dial?: Dial;
  /** Sizes, for the speed sheet. */
  describe(): RouterCard;
}

/** Predictions for Q queries and the M models of {@link FittedRouter.models}. */
export type Predictions = PointPredictions | MixturePolicy;

/** Predicted quality, and optionally cost, of every query and model. */
export interface PointPredictions {
  /** Predicted score ŝ, row-major [Q × M]; NaN = this model cannot be chosen for this query. */
  readonly quality: Float64Array;
  /** Predicted cost ĉ in US dollars, row-major [Q × M]; absent = the training mean c̄(m) is used. */
  readonly cost?: Float64Array;
}

/** A random choice that ignores the query; evaluated in expectation. For reference rows only. */
export interface MixturePolicy {
  /** One probability vector [M] a point of the curve; the first is the headline (quality first). */
  readonly mixtures: readonly Float64Array[];
}

/** A quality-cost dial of a method's own. */
export interface Dial {
  /** The paper's name of the parameter. */
  readonly name: string;
  /** Settings from quality first to cost first. */
  readonly values: readonly number[];
  /** Predictions at one setting; the model is chosen at λ = 0. */
  predict(queries: QueryBatch, value: number): PointPredictions | Promise<PointPredictions>;
}

/** Queries without outcomes. */
export interface QueryBatch {
  /** Length Q. */
  readonly ids: readonly string[];
  /** Length Q. */
  readonly texts: readonly string[];
  /** Embeddings [Q × D], L2-normalised, rounded to the grid of `linalg/matrix.ts`. */
  readonly vectors: Matrix;
  /** Benchmark labels, length Q: always on training rows, at prediction only with the need `benchmark`. */
  readonly benchmarks?: readonly string[];
  /** Embeddings of each query's documents, joined [Q × D], made as {@link vectors}; only with the need `documents`. */
  readonly documents?: Matrix;
  /** True P(solved) [Q × M of the training models], only with the need `truth`. */
  readonly truth?: Float64Array;
  /** True expected cost [Q × M of the training models], only with the need `truth`. */
  readonly truthCost?: Float64Array;
  /** Work shared by all configurations (and routers) that see this same batch. */
  readonly memo: Memo;
}

/** Training rows with their outcomes. */
export interface TrainingData {
  /** N queries, benchmark labels included. */
  readonly queries: QueryBatch;
  /** Pool in ascending id. Length M. */
  readonly models: readonly string[];
  /** Scores in [0, 1], row-major [N × M], NaN = missing. */
  readonly scores: Float64Array;
  /** Costs in US dollars, row-major [N × M], NaN = unknown. */
  readonly costs: Float64Array;
  /** c̄(m), mean known cost on these rows. Length M, NaN = unpriced. */
  readonly meanCosts: Float64Array;
  /** Solved threshold τ_b of each row's benchmark. Length N. */
  readonly solvedFrom: Float64Array;
  /** Finer labels of the rows. Length N. */
  readonly tasks: readonly string[];
  /** Scores of the same models without the documents, row-major [N × M], only with the need `documents`. */
  readonly plainScores?: Float64Array;
  /** What every model said, row-major [N × M], only with the need `replies`. */
  readonly replies?: readonly Reply[];
  /** Validation rows: while tuning (for early stopping), and at the end with `refit: "train"`. */
  readonly validation?: TrainingData;
}

/** Outcomes of new models on a few labelled queries. */
export interface ModelProfiles {
  /** The n profile queries, benchmark labels included. */
  readonly queries: QueryBatch;
  /** New model ids, ascending. Length k. */
  readonly models: readonly string[];
  /** Scores, row-major [n × k], NaN = missing. */
  readonly scores: Float64Array;
  /** Costs in US dollars, row-major [n × k], NaN = unknown. */
  readonly costs: Float64Array;
  /** Solved threshold τ_b of each query's benchmark. Length n. */
  readonly solvedFrom: Float64Array;
}

/** What a fit may use besides data. */
export interface FitContext {
  /** `tune`: one of several configurations, judged on validation; `final`: the one that will be tested. */
  readonly stage: "tune" | "final";
  /** Seed of the run, for work that routers share (clusters); else use `random`. */
  readonly seed: number;
  /** Randomness of this router and seed; fork it by model or query id, never by position. */
  readonly random: Random;
  /** Where heavy inference runs. */
  readonly device: "cpu" | "webgpu" | "cuda";
  /**
   * Ids of the training and validation queries that new models will be labelled on, in order:
   * with a budget of n, the first n. Only in the new-model protocol, there in every fit. The order depends
   * on the training models' outcomes (`discriminative`) or on the seed alone (`random`), and carries no
   * outcome of a held-out model.
   */
  readonly profile?: readonly string[];
  /**
   * The configurations that tuning compares, in its fits only: what they share (a search for neighbours) is
   * made for the most demanding of them, and no wider.
   */
  readonly grid?: readonly unknown[];
  /**
   * Folder, perhaps not there yet, in which a long fit may keep its state: stopped and asked again for the same fit,
   * it may go on from there, and has to end with the same bits. Several fits of a job share it, so files are named
   * by what is fitted. It goes when the job is done; absent where nothing would ask again.
   */
  readonly unfinished?: string;
  /** Reports progress of a long fit, 0…1. */
  progress(share: number): void;
  /** Ends a long fit early; throw `signal.reason`. */
  readonly signal: AbortSignal;
}

/** Sizes of a fitted router. */
export interface RouterCard {
  /** Learned numbers (weights, centroids, stored labels). */
  readonly parameters: number;
  /** Anything worth printing: cluster counts, chosen epochs, rows without neighbours. */
  readonly notes?: readonly string[];
}

/**
 * Remembers results by key. Values must depend on nothing but the batch and the key.
 *
 * @example
 * ```ts ignore
 * const neighbours = await queries.memo("nearest/" + store.memo.id, () => nearest(...));
 * ```
 */
export interface Memo {
  <T>(key: string, make: () => T): T;
  /** Names the batch, for keys that join two batches. */
  readonly id: string;
}
