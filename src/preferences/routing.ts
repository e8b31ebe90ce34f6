/**
 * RouterRetriever's rule as `baselines/router_retriever.ts` has it, with retrieval experts in place of language
 * models and nDCG in place of scores.
 * @module
 */
import { routerRetriever } from "../../baselines/router_retriever.ts";
import { random } from "../base/random.ts";
import { createMemo } from "../router/memo.ts";
import type { QueryBatch, TrainingData } from "../router/mod.ts";
import type { EncodedPart } from "./encoded.ts";

/** Cosine, and several winners share a query. */
const [RULE] = routerRetriever("mean").grid;

/** The expert of every query by RouterRetriever's rule. */
export async function route(
  reading: "mean" | "max",
  taught: TrainingData,
  test: Pick<EncodedPart, "ids" | "vectors">,
  seed: number,
): Promise<Int32Array> {
  const fitted = await routerRetriever(reading).fit(taught, RULE, {
    ...{ stage: "final", seed, random: random(seed, reading), device: "cpu" },
    progress: () => {},
    signal: new AbortController().signal,
  });
  const { quality } = await fitted.predict(batch(test)) as { quality: Float64Array };
  const M = taught.models.length;
  return Int32Array.from(test.ids, (_, i) => {
    const own = quality.subarray(i * M, (i + 1) * M);
    // An expert without a pilot has no similarity.
    return own.reduce((best, value, m) => !(value <= own[best]) && value === value ? m : best, 0);
  });
}

/** Training queries as RouterRetriever takes them: a domain is a dataset, nDCG the score. */
export function trainingData(
  part: Pick<EncodedPart, "ids" | "vectors">,
  domains: readonly string[],
  models: readonly string[],
  scores: Float64Array,
): TrainingData {
  return {
    queries: { ...batch(part), benchmarks: domains },
    ...{ models, scores, tasks: domains },
    costs: new Float64Array(scores.length).fill(NaN),
    meanCosts: new Float64Array(models.length).fill(NaN),
    solvedFrom: new Float64Array(part.ids.length).fill(1),
  };
}

function batch({ ids, vectors }: Pick<EncodedPart, "ids" | "vectors">): QueryBatch {
  return { ids, texts: ids.map(() => ""), vectors, memo: createMemo("preferences") };
}
