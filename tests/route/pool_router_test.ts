/** Fitted routers in files: what they say, worked out by hand, and what is refused. */
import assert from "node:assert/strict";
import { addModel, fitRouter, openPool, openRouter } from "../../src/mod.ts";
import { CapabilityError, DataError, UsageError } from "../../src/base/errors.ts";
import { openProvider } from "../../src/embed/mod.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { Router } from "../../src/router/contract.ts";
import { loadRouter } from "../../src/router/discover.ts";
import { PoolRouter } from "../../src/route/pool_router.ts";
import { readSaved, writeSaved } from "../../src/route/saved.ts";
import knn from "../../baselines/knn.ts";
import { inFolder } from "../support/folder.ts";

const THINGS = ["apples", "boats", "candles", "dogs", "engines", "ferns", "goats", "hats"];

/** Sums, which `large` solves at 3 cents, and names, which `small` solves at 1 cent. */
const records: OutcomeRecord[] = Array.from({ length: 40 }, (_, i) => {
  const isSum = i % 2 === 0, thing = THINGS[i % 8];
  return {
    id: `q${String(i).padStart(2, "0")}`,
    benchmark: isSum ? "sums" : "names",
    query: isSum ? `What is ${i} plus ${i * 7 % 31}?` : `Name river ${i} where ${thing} are found`,
    scores: { large: Number(isSum), small: Number(!isSum) },
    costs: { large: 0.03, small: 0.01 },
  };
});
const pool = await openPool(records, { name: "sums-and-names" });

Deno.test("the model, scores and costs of a text, and the recorded queries near it", async () => {
  const router = await fitRouter(pool, { ...knn, grid: [{ k: 1, weights: "uniform" }] });
  const [sum, name] = await router.route([
    "What is 5 plus 6?",
    "Name river 9 where boats are found",
  ]);
  const models = (large: number, small: number) => [
    { model: "large", score: large, cost: 0.03 },
    { model: "small", score: small, cost: 0.01 },
  ];
  const rounded = ({ model, models }: typeof sum) => ({
    model,
    models: models.map((each) => ({ ...each, cost: Number(each.cost!.toFixed(9)) })),
  });
  assert.deepEqual(rounded(sum), { model: "large", models: models(1, 0) });
  assert.deepEqual(rounded(name), { model: "small", models: models(0, 1) });
  const [nearest, next] = await router.nearest(router.saved.table.texts[3], 2);
  assert.equal(nearest.id, router.saved.table.ids[3]);
  assert.equal(nearest.text, router.saved.table.texts[3]);
  assert.ok(Math.abs(nearest.similarity - 1) < 2e-3 && next.similarity <= nearest.similarity);
  const { scores, benchmark } = records.find(({ id }) => id === nearest.id)!;
  assert.deepEqual([nearest.scores, nearest.task], [scores, benchmark]);
});

Deno.test("λ weighs scaled cost against score: here the dearer model's lead of 1 is outweighed from λ = 1 on", async () => {
  const router = await fitRouter(pool, { ...knn, grid: [{ k: 1, weights: "uniform" }] });
  const at = async (lambda: number) =>
    (await router.route(["What is 5 plus 6?"], { lambda }))[0].model;
  assert.deepEqual([await at(0), await at(0.9), await at(1.1)], ["large", "large", "small"]);
});

Deno.test("every row is fitted on where it is asked for, and only training and validation rows otherwise", async () => {
  const usual = await fitRouter(pool, knn), all = await fitRouter(pool, knn, { everyRow: true });
  assert.deepEqual([usual.saved.table.ids.length, all.saved.table.ids.length], [32, 40]);
  assert.deepEqual(all.saved.configs, usual.saved.configs);
  assert.equal(all.saved.roles.replaceAll("t", ""), "v".repeat(8));
});

Deno.test("a file is the same bytes twice; damage, another kind and another version are named", async () => {
  await inFolder(async (folder) => {
    const router = await fitRouter(pool, "ridge"), [one, two] = [`${folder}/one`, `${folder}/two`];
    await router.save(one);
    await (await openRouter(one)).save(two);
    const bytes = await Deno.readFile(one);
    assert.deepEqual(await Deno.readFile(two), bytes);
    const refused = async (content: string | Uint8Array, message: RegExp): Promise<void> => {
      await (typeof content === "string"
        ? Deno.writeTextFile(two, content)
        : Deno.writeFile(two, content));
      await assert.rejects(openRouter(two), (error: Error) => {
        assert.ok(error instanceof DataError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    await refused(bytes.with(bytes.length - 5, bytes.at(-5)! ^ 1), /two: damaged: .*sha256/);
    await refused(bytes.slice(0, -1), /damaged/);
    await refused(bytes.slice(0, 40), /not a fitted router/);
    await refused("a poem\n", /not a fitted router, expected a first line with "icl-router-bench/);
    const text = new TextDecoder("latin1").decode(bytes.slice(0, 200)).split("\n")[0];
    await refused(
      text.replace('"version":1', '"version":3') + "\n",
      /version 3 of the format, expected 1 or 2/,
    );
  });
});

Deno.test("vectors of another embedding, and a file of other data, are refused", async () => {
  await inFolder(async (folder) => {
    const router = await fitRouter(pool, "ridge"),
      path = `${folder}/it`,
      texts = ["What is 1 plus 1?"];
    const other = await openProvider("hashed-384"), own = await openProvider("static");
    const raw = await own.embed(texts);
    const plain = await router.route(texts);
    assert.deepEqual(await router.route(texts, {}, { raw, provider: own }), plain);
    await assert.rejects(
      router.route(texts, {}, { raw: await other.embed(texts), provider: other }),
      /ridge was fitted on vectors of static, not of hashed-384/,
    );
    await router.save(path);
    const saved = await readSaved(path);
    await writeSaved(path, { ...saved, embedding: { ...saved.embedding, key: "older" } });
    await assert.rejects(openRouter(path), /of static, not of static as it is now/);
    const demo = await openPool("demo", { limit: 60 });
    await writeSaved(path, saved);
    await assert.rejects(
      openRouter(path, { pool: demo }),
      /other data than demo \(on sums-and-names/,
    );
    assert.deepEqual(await (await openRouter(path, { pool })).route(texts), plain);
  });
});

Deno.test("a fit that comes out otherwise than it was saved is refused, by number", async () => {
  await inFolder(async (folder) => {
    await (await fitRouter(pool, "ridge")).save(`${folder}/it`);
    const saved = await readSaved(`${folder}/it`), score = saved.probes.score.slice();
    score[3] += 1e-5;
    await writeSaved(`${folder}/it`, { ...saved, probes: { ...saved.probes, score } });
    const router = await openRouter(`${folder}/it`);
    await assert.rejects(
      router.route(["?"]),
      /ridge: fitted again it predicts .* where it was saved with/,
    );
  });
});

Deno.test("texts are kept of your own data only; a router whose fit reads them cannot be opened without", async () => {
  await inFolder(async (folder) => {
    const reader = `${folder}/reader.ts`, path = `${folder}/it`;
    await Deno.writeTextFile(reader, READER);
    const provider = await openProvider("static");
    for (const [id, method, opens] of [["knn", knn, true], [reader, undefined, false]] as const) {
      const router = await fitRouter(pool, id), { saved } = router;
      await router.save(path);
      assert.deepEqual((await readSaved(path)).table.texts, saved.table.texts);
      const asked = await router.route(["What is 5 plus 6?"]);
      assert.deepEqual(await (await openRouter(path)).route(["What is 5 plus 6?"]), asked);
      const dataset = { ...saved.table.dataset, version: "1" }; // as of a manifest's data
      const found = method ?? (await loadRouter(reader)).router;
      const named = { ...saved, table: { ...saved.table, dataset } };
      await new PoolRouter(named, found as Router, provider).save(path);
      const again = await openRouter(path);
      assert.deepEqual(new Set(again.saved.table.texts), new Set([""]));
      const [near] = await again.nearest(saved.table.texts[0]);
      assert.deepEqual([near.id, near.text], [saved.table.ids[0], null]);
      const route = again.route(["What is 5 plus 6?"]);
      if (opens) assert.deepEqual(await route, asked);
      else await assert.rejects(route, /reader: fitted again it predicts 0 .*reads training texts/);
    }
  });
});

/** Scores grow with the length of all training texts. */
const READER = `export default {
  name: "reader", summary: "reads texts", source: "none", grid: [{}],
  fit: ({ models, queries: { texts } }) => ({
    models,
    predict: ({ ids }) => ({
      quality: new Float64Array(ids.length * models.length).fill(texts.join("").length / 1e4),
    }),
    describe: () => ({ parameters: 1 }),
  }),
};
`;

Deno.test("what cannot be saved or asked is said, with what can", async () => {
  await assert.rejects(fitRouter(pool, "icl_router"), (error: Error) => {
    assert.ok(error instanceof CapabilityError);
    assert.match(
      error.message,
      /icl_router cannot be saved: its fit takes minutes.*can: .*knn.*ridge/,
    );
    return true;
  });
  await assert.rejects(
    fitRouter(pool, "graph_router_label"),
    /must be told the benchmark of a query/,
  );
  await assert.rejects(
    fitRouter(pool, "lookahead"),
    /lookahead cannot be saved: it learns from replies/,
  );
  const three = await openPool(records.slice(0, 3), { name: "three" });
  await assert.rejects(
    fitRouter(three, "ridge"),
    (error: Error) =>
      error instanceof CapabilityError && /none to .*: got 3 distinct queries/.test(error.message),
  );
  const inMemory = await fitRouter(pool, knn);
  await assert.rejects(inMemory.save("never"), UsageError);
  await assert.rejects(inMemory.route(["?"], { dial: 0.5 }), /knn has no dial of its own/);
  const dialled = await fitRouter(pool, "avengers_pro");
  await assert.rejects(dialled.route(["?"], { lambda: 0.5 }), /avengers_pro has a dial of its own/);
});

Deno.test("what a router throws names it and its line, in a fit, in an answer and beside a new model", async () => {
  await inFolder(async (folder) => {
    const thrown = async (fit: string): Promise<PoolRouter> => {
      const file = `${folder}/${crypto.randomUUID()}/bad.ts`;
      await Deno.mkdir(file.replace(/\/bad\.ts$/, ""));
      const rest = `name: "bad", summary: "s", source: "none", unseen: "zero-update"`;
      await Deno.writeTextFile(
        file,
        `export default {\n  ${rest}, grid: [{}],\n  fit: ${fit},\n};\n`,
      );
      return await fitRouter(pool, file);
    };
    const failed = async (made: Promise<unknown>, message: RegExp): Promise<void> => {
      await assert.rejects(made, (e: Error) => e instanceof DataError && message.test(e.message));
    };
    await failed(thrown("() => { throw null; }"), /^bad: failed: threw null$/);
    await failed(
      thrown("() => { throw new Error('in fit'); }"),
      /^bad: failed: in fit \(\S*bad\.ts:3:\d+\)$/,
    );
    const models = "models: ['large', 'small'], describe: () => ({ parameters: 0 })";
    const silent = `(_, __, { stage }) => ({ ${models}, predict: ({ ids }) => {
      if (stage === "final") throw new Error("in predict");
      return { quality: new Float64Array(2 * ids.length) };
    } })`;
    await failed((await thrown(silent)).route(["?"]), /^bad: failed: in predict \(\S*bad\.ts:4:/);
    const seen = await thrown(silent), file = seen.saved.router.file!;
    const holdOut = { holdOut: "small", n: 10, routers: [file] };
    await failed(addModel(pool, holdOut), /^bad: failed: fit: expected 1 models, got 2$/);
  });
});
