/**
 * Three routers on one pool, in a script: two of the repository and one written here.
 *
 *     deno run -A --lock=full.lock examples/three_routers.ts
 *
 * The pool is made up on the spot, 900 queries and three models, so that it is clear what can be learnt: `coder` is
 * good at code, `talker` at everything else, `large` at both and expensive. To use your own, give `openPool` the
 * path of your records.
 */
import { bench, compare, frontier, openPool } from "icl-router-bench";
import { random, type Router } from "icl-router-bench/router";

/** How often each model is right, and what an answer costs in US dollars. */
const MODELS = {
  coder: { code: .85, prose: .35, cost: .0002 },
  talker: { code: .30, prose: .80, cost: .0002 },
  large: { code: .82, prose: .78, cost: .0040 },
};
const WORDS = {
  code: ["function", "array", "loop", "compile", "pointer", "thread", "test", "index"],
  prose: ["poem", "letter", "history", "recipe", "island", "painter", "winter", "market"],
};

/** One record: a query, and for each model whether it was right and what it cost. */
function record(i: number) {
  const draw = random(7, "example", i);
  const kind = draw.next() < .5 ? "code" : "prose";
  const words = Array.from({ length: 8 }, () => WORDS[kind][draw.integer(8)]);
  const each = <T>(value: (model: (typeof MODELS)["large"]) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(MODELS).map(([name, model]) => [name, value(model)]));
  return {
    id: `q${String(i).padStart(3, "0")}`,
    benchmark: i % 2 === 0 ? "even" : "odd",
    query: `Question ${i}: ${words.join(" ")}?`,
    scores: each((model) => Number(draw.next() < model[kind])),
    costs: each((model) => model.cost),
  };
}

/** A router in a few lines: does the query have a word that only code has? */
const keyword: Router = {
  name: "keyword",
  summary: "mean score on training queries with, or without, a word of programming",
  source: "this file",
  grid: [{}],
  fit: ({ models, queries, scores }) => {
    const isCode = (text: string) => WORDS.code.some((word) => text.includes(word));
    const M = models.length;
    const mean = (m: number, code: boolean) => {
      const rows = [...queries.texts.keys()].filter((i) => isCode(queries.texts[i]) === code);
      return rows.reduce((sum, i) => sum + scores[i * M + m], 0) / rows.length;
    };
    const table = [false, true].map((code) => models.map((_, m) => mean(m, code)));
    return {
      models,
      predict: ({ texts }) => ({
        quality: Float64Array.from(texts.flatMap((text) => table[Number(isCode(text))])),
      }),
      describe: () => ({ parameters: 2 * M }),
    };
  },
};

const pool = await openPool(Array.from({ length: 900 }, (_, i) => record(i)), { name: "made-up" });
console.log(pool);

const run = await bench(pool, { routers: ["knn", "ridge", keyword], seeds: 3 });
console.log(run.leaderboard);
console.log(compare(run, "keyword", "knn"));

const { score, cost } = run.row("keyword"), single = run.row("best-single");
console.log(
  `keyword scores ${score.toFixed(3)} at $${(1000 * cost!).toFixed(2)} per 1,000 queries; ` +
    `the best single model ${single.score.toFixed(3)} at $${(1000 * single.cost!).toFixed(2)}`,
);

const out = Deno.args[0] ?? "frontier.svg";
await frontier(run).save(out);
console.log(`wrote ${out}`);
