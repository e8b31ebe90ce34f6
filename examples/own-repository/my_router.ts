/**
 * Length: long queries are hard. A model's predicted score is its mean score on training queries of about the same
 * length.
 */
import { columnMeans, type Router } from "icl-router-bench/router";

/** What is tuned: into how many groups of equal size the training queries are cut by length. */
interface Config {
  readonly groups: number;
}

const router: Router<Config> = {
  name: "length",
  summary: "mean score on training queries of about the same length",
  source: "an example",
  grid: [{ groups: 4 }, { groups: 2 }, { groups: 8 }],
  fit: ({ models, queries, scores }, { groups }) => {
    const M = models.length, N = queries.ids.length;
    const byLength = Array.from(queries.texts, (text) => text.length).sort((a, b) => a - b);
    const limits = Array.from(
      { length: groups - 1 },
      (_, g) => byLength[Math.floor(N * (g + 1) / groups)],
    );
    const groupOf = (text: string) => limits.filter((limit) => text.length >= limit).length;
    const overall = columnMeans(scores, M);
    const means = Array.from({ length: groups }, (_, g) => {
      const own = [...queries.texts.keys()].filter((i) => groupOf(queries.texts[i]) === g);
      const cells = Float64Array.from(own.flatMap((i) => [...scores.subarray(i * M, (i + 1) * M)]));
      return own.length > 0 ? columnMeans(cells, M) : overall;
    });
    return {
      models,
      predict: ({ texts }) => ({
        quality: Float64Array.from(texts.flatMap((text) => [...means[groupOf(text)]])),
      }),
      describe: () => ({ parameters: groups * M }),
    };
  },
};
export default router;
