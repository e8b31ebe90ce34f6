/**
 * A router fitted on a pool, asked about texts that have no outcomes: which model, at what cost, and what is near.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { sha256 } from "../base/hash.ts";
import { VERSION } from "../base/version.ts";
import { type EmbeddingProvider, prepareVectors } from "../embed/mod.ts";
import { type Matrix, matrix, takeRows } from "../linalg/matrix.ts";
import { isOwn, type OutcomeTable } from "../outcomes/table.ts";
import type { FittedRouter, QueryBatch, Router } from "../router/contract.ts";
import { decide } from "../router/decide.ts";
import { createMemo } from "../router/memo.ts";
import { neighbours } from "../router/neighbours.ts";
import { points } from "../run/curve.ts";
import { finalTraining, fitContext } from "../run/job.ts";
import { forFit, type LabelledRows, type OpenedSplit } from "../run/open_split.ts";
import { blamed } from "./blamed.ts";
import { expectUnseen, joined, profileOf, rowsOf } from "./join.ts";
import type { GivenVectors, Recorded, Routed, Trade } from "./routed.ts";
import { type Joined, type Purpose, type SavedRouter, writeSaved } from "./saved.ts";

/** Rows that are asked about when a router is saved and opened, and by how much an answer may differ. */
const PROBES = 8, TOLERANCE = 1e-6;

/** A fitted router with its rows and embedding. `openRouter` and `fitRouter` make one. */
export class PoolRouter {
  /** How it was fitted, and on what. */
  readonly saved: SavedRouter;
  readonly #given: Router;
  /** The same, its faults said as its own. */
  readonly #method: Router;
  readonly #provider: EmbeddingProvider;
  readonly #split: OpenedSplit;
  /** The rows with what is known of all models, joined ones included. */
  readonly #rows: LabelledRows;
  readonly #fits = new Map<string, Promise<FittedRouter>>();
  /** What was asked last: who asks why a model was chosen need not search for neighbours again. */
  #last?: { readonly texts: readonly string[]; readonly batch: Promise<QueryBatch> };

  /**
   * For `openRouter` and `fitRouter`.
   * @throws {DataError} when the embedding is not the one that the rows were embedded with
   */
  constructor(saved: SavedRouter, method: Router, provider: EmbeddingProvider) {
    requireKey(saved, provider);
    this.saved = saved;
    this.#given = method;
    this.#method = blamed(method, saved.router.id, saved.router.file);
    this.#provider = provider;
    this.#split = rowsOf(saved);
    this.#rows = saved.joined
      ? this.#split.retraining(saved.joined.profile.order.length).all
      : this.#split.all;
  }

  /** Model names, ascending. */
  get models(): readonly string[] {
    return this.saved.table.models;
  }

  /**
   * The fit for a purpose, made when first asked for.
   * @throws {DataError} when it predicts otherwise than the one that was saved
   */
  fitted(purpose: Purpose = "score"): Promise<FittedRouter> {
    const key = JSON.stringify(this.saved.configs[purpose]);
    const fit = this.#fits.get(key) ?? this.#fit(purpose);
    this.#fits.set(key, fit);
    return fit;
  }

  /**
   * Chooses a model for every text, as the bench does.
   * @param given vectors of the texts, where they are there already
   * @throws {DataError} when these vectors are of another embedding
   * @throws {UsageError} for λ where the router has a dial of its own, or the other way round
   * @throws {CapabilityError} when λ > 0 and a model has no known cost
   */
  async route(
    texts: readonly string[],
    { lambda = 0, dial }: Trade = {},
    given?: GivenVectors,
  ): Promise<Routed[]> {
    const fitted = await this.fitted(lambda > 0 || dial !== undefined ? "area" : "score");
    const { models } = fitted, M = models.length;
    const meanCosts = Float64Array.from(
      models,
      (model) => this.#rows.meanCosts[this.models.indexOf(model)],
    );
    this.#checkTrade(fitted, lambda, dial);
    const batch = await this.#batch(texts, given);
    const predictions = dial === undefined
      ? points(await fitted.predict(batch), this.#method)
      : await fitted.dial!.predict(batch, dial);
    const choice = decide(predictions, { models, meanCosts }, lambda),
      { quality, cost } = predictions;
    return texts.map((_, i) => ({
      model: models[choice[i]],
      models: models.map((model, m) => ({
        model,
        score: known(quality[i * M + m]),
        cost: known(cost ? cost[i * M + m] : meanCosts[m]),
      })),
    }));
  }

  /** The recorded queries whose vectors are nearest to a text's, nearest first. */
  async nearest(text: string, k = 3): Promise<Recorded[]> {
    const { models, scores, tasks, queries } = this.#rows, M = models.length;
    const { index, similarity } = await neighbours(await this.#batch([text]), queries, k);
    return Array.from(index.subarray(0, k), (row, i) => ({
      id: queries.ids[row],
      text: queries.texts[row] || null,
      task: tasks[row],
      similarity: similarity[i],
      scores: Object.fromEntries(models.map((model, m) => [model, known(scores[row * M + m])])),
    }));
  }

  /**
   * Writes the file that `openRouter` reads, atomically. It holds vectors and outcomes of the rows, and their texts
   * where the data are your own or generated.
   * @throws {UsageError} for a router in memory, which no file could bring back
   */
  async save(path: string): Promise<void> {
    const { saved } = this, { table, router } = saved, { dataset } = table;
    if (router.file === undefined) {
      throw new UsageError(`${router.id} is a router in memory; one in a file can be saved`);
    }
    const texts = isOwn(dataset) || dataset.synthetic ? table.texts : table.texts.map(() => "");
    const [score, area] = [await this.#probe("score"), await this.#probe("area")];
    await writeSaved(path, { ...saved, table: { ...table, texts }, probes: { score, area } });
  }

  /**
   * The same router with another model, which it takes in by its own way, chosen for so many labels as in the bench.
   * @param table outcomes of the rows, the new model's on the labelled ones only
   * @throws {CapabilityError} where it cannot take in a model, or needs costs that are not known
   */
  async join(table: OutcomeTable, of: Pick<Joined, "models" | "profile">): Promise<PoolRouter> {
    const saved = await joined(this.saved, this.#method, table, of);
    return new PoolRouter(saved, this.#given, this.#provider);
  }

  /**
   * Makes sure that a model may join.
   * @throws {CapabilityError} where the router cannot take in a model
   */
  expectJoinable(): void {
    expectUnseen(this.saved, this.#method);
  }

  async #fit(purpose: Purpose): Promise<FittedRouter> {
    const { router, configs, probes, harness } = this.saved, split = this.#split;
    const signal = new AbortController().signal;
    const options = { device: "cpu", signal, progress: () => {} } as const;
    const base = await this.#method.fit(
      finalTraining(this.#method, split),
      configs[purpose],
      fitContext("final", router.id, split, options, profileOf(this.saved)),
    );
    const fitted = await withJoined(base, this.#method, this.saved, split);
    const got = probes && await this.#answers(fitted);
    const off = got?.findIndex((value, at) => !same(value, probes![purpose][at])) ?? -1;
    if (off < 0) return fitted;
    throw new DataError(
      `${router.id}: fitted again it predicts ${got![off]} where it was saved with ${
        probes![purpose][off]
      } ` +
        `(by version ${harness}, this is ${VERSION}): its code or this machine computes otherwise, or it ` +
        `reads training texts, which are not in the file; fit it anew (deno task fit)`,
    );
  }

  async #probe(purpose: Purpose): Promise<Float64Array> {
    return await this.#answers(await this.fitted(purpose));
  }

  /** Predicted scores for the first rows, whose texts may not be there. */
  async #answers(fitted: FittedRouter): Promise<Float64Array> {
    const { ids, vectors } = this.#split.all.queries, rows = [...ids.slice(0, PROBES).keys()];
    const batch: QueryBatch = {
      ids: rows.map((row) => ids[row]),
      texts: rows.map(() => ""),
      vectors: takeRows(vectors, rows),
      memo: createMemo("probes"),
    };
    return points(await fitted.predict(batch), this.#method).quality;
  }

  #batch(texts: readonly string[], given?: GivenVectors): Promise<QueryBatch> {
    const last = this.#last;
    const again = !given && last?.texts.length === texts.length &&
      texts.every((text, i) => text === last.texts[i]);
    if (again) return last.batch;
    const batch = this.#embedded(texts, given);
    this.#last = given ? undefined : { texts: [...texts], batch };
    batch.catch(() => this.#last = undefined); // may be asked for again
    return batch;
  }

  async #embedded(texts: readonly string[], given?: GivenVectors): Promise<QueryBatch> {
    if (given) requireKey(this.saved, given.provider);
    const raw = given?.raw ?? await this.#provider.embed(texts);
    const ids = texts.map((text) => sha256(text).slice(0, 16));
    return { ids, texts, vectors: this.#prepared(raw), memo: createMemo("asked") };
  }

  /** Vectors as the fit has them: what is fitted on training rows is fitted on those of the file. */
  #prepared(raw: Matrix): Matrix {
    const { raw: { rows, width, data }, embedding: { preparation } } = this.saved;
    if (preparation === "none") return prepareVectors(raw, preparation, []);
    const joined = matrix(rows + raw.rows, width);
    joined.data.set(data);
    joined.data.set(raw.data, data.length);
    const prepared = prepareVectors(joined, preparation, [...Array(rows).keys()]);
    return takeRows(prepared, Array.from({ length: raw.rows }, (_, i) => rows + i));
  }

  #checkTrade({ dial }: FittedRouter, lambda: number, setting?: number): void {
    const { id } = this.saved.router;
    if (dial && lambda > 0) {
      throw new UsageError(
        `${id} has a dial of its own in place of λ: ${dial.name}, ${dial.values.join(", ")}`,
      );
    }
    if (!dial && setting !== undefined) throw new UsageError(`${id} has no dial of its own, but λ`);
  }
}

/** The fit with the models that joined, taken in as they were when they did. */
async function withJoined(
  fitted: FittedRouter,
  { reference }: Router,
  { joined }: SavedRouter,
  split: OpenedSplit,
): Promise<FittedRouter> {
  if (!joined) return fitted;
  const { profile: { order }, way } = joined;
  return await fitted.withModels!(forFit(split.profile(order.length), reference), way);
}

/** @throws {DataError} when vectors are not of the embedding that a router was fitted with */
function requireKey({ embedding, router }: SavedRouter, provider: GivenVectors["provider"]): void {
  if (provider.key === embedding.key) return;
  const same = provider.name === embedding.name
    ? " as it is now (another model, table or version)"
    : "";
  throw new DataError(
    `${router.id} was fitted on vectors of ${embedding.name}, not of ${provider.name}${same}`,
  );
}

function same(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE;
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
