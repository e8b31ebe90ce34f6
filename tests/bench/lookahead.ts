/**
 * How much of what models say Lookahead foresees: share of the variance of test replies' features that is explained,
 * on the first split, at the first configuration. Words of the replies, their size and form, agreement of the answers.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-write=.cache --allow-env --allow-ffi --allow-sys \
 *       tests/bench/lookahead.ts reasoning-gym/hard-priced [seed]
 *
 * @module
 */
import router, { learnLookahead } from "../../baselines/lookahead.ts";
import { LATENT_WIDTH, readLatents } from "../../baselines/_reply_latents.ts";
import { random } from "../../src/base/random.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { planRun } from "../../src/run/plan.ts";

/** Where a group of features begins; it ends where the next one does. */
const GROUPS = { words: 0, "size and form": 128, agreement: LATENT_WIDTH - 1 };

const [data, seed = "42"] = Deno.args;
const plan = await planRun({
  data,
  protocol: "id",
  seeds: [Number(seed)],
  embedding: "static",
  validation: "benchmarks",
  device: "cpu",
  routers: ["lookahead"],
});
const split = openSplit(plan.setup.data, plan.splits[0]);
const { models, queries, replies } = split.episodesFor(router, "test");
const { network, columns, reading } = await learnLookahead(split.all, router.grid[0], {
  random: random(Number(seed), "lookahead"),
  progress: () => {},
  signal: new AbortController().signal,
});
const said = queries.ids.flatMap((_, i) => columns.map((m) => replies[i * models.length + m]));
const truth = readLatents(queries.texts, said, reading).data;
const foreseen = await network.foresee(queries.vectors);
const starts = Object.values(GROUPS);
for (const [g, name] of Object.keys(GROUPS).entries()) {
  let missed = 0, all = 0;
  for (let at = 0; at < truth.length; at++) {
    const k = at % LATENT_WIDTH;
    if (k < starts[g] || k >= (starts[g + 1] ?? LATENT_WIDTH)) continue;
    missed += (truth[at] - foreseen[at]) ** 2, all += truth[at] ** 2;
  }
  console.log(`${name.padEnd(14)} ${(1 - missed / all).toFixed(3)}`);
}
