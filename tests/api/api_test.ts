import assert from "node:assert/strict";
import { join } from "node:path";
import { bench, compare, figures, frontier, openPool, openRun, openSplit } from "../../src/mod.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";
import knn from "../../baselines/knn.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { inFolder } from "../support/folder.ts";

/** A part of the demo as anybody's records. */
const records: OutcomeRecord[] = demoRecords({ queries: 200 });

Deno.test("a router in memory decides as its file does, and its finished jobs are not kept", async () => {
  await inFolder(async (jobs) => {
    const pool = await openPool(records, { name: "small" });
    const options = { seeds: 1, jobs };
    const kept = () => [...Deno.readDirSync(jobs)].filter((e) => !e.name.endsWith(".lock")).length;
    const mine = await bench(pool, { ...options, routers: [{ ...knn, name: "knn" }] });
    const references = kept();
    const named = await bench(pool, { ...options, routers: ["knn"] });
    assert.ok(kept() > references, "jobs of a file are kept");
    const choices = (run: typeof mine) =>
      run.decisions.filter(({ router }) => router === "knn").map(({ choice }) => [...choice]);
    assert.deepEqual(choices(mine), choices(named));
    assert.equal(mine.result.routers.find(({ id }) => id === "knn")?.sha256, "in memory");
    assert.deepEqual(mine.row("knn").metrics, named.row("knn").metrics);
  });
});

Deno.test("a router in memory that fails has a reason in place of a row; alone, the run ends with it", async () => {
  await inFolder(async (jobs) => {
    const pool = await openPool(records, { name: "small" });
    const broken = {
      ...knn,
      name: "broken",
      fit: () => {
        throw new Error("no luck");
      },
    };
    const warnings: string[] = [];
    const options = { seeds: 1, jobs, warn: (line: string) => void warnings.push(line) };
    const run = await bench(pool, { ...options, routers: [broken, "knn"] });
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0],
      /^warning: broken failed: no luck, seed 42, fold 0 \(\S+api_test\.ts:\d+:\d+\)/,
    );
    assert.deepEqual(run.failed, [{
      router: "broken",
      reason: "failed: no luck, seed 42, fold 0",
    }]);
    assert.ok(run.row("knn").score > 0);
    assert.throws(() => run.row("broken"), /no row "broken": failed: no luck/);
    assert.equal((await run.save(join(jobs, "runs"))).verified.depth, "full");
    await assert.rejects(bench(pool, { ...options, routers: [broken] }), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /^no router is left: broken failed: no luck, seed 42, fold 0/);
      return true;
    });
    const shapeless = { ...knn, name: "shapeless", grid: [] };
    await assert.rejects(
      bench(pool, { ...options, routers: [shapeless] }),
      /shapeless: router\.grid: expected a list/,
    );
  });
});

Deno.test("a run is saved with what lies beside it, verified, and read again the same", async () => {
  await inFolder(async (folder) => {
    const pool = await openPool(records, { name: "small" });
    const run = await bench(pool, {
      routers: [{ ...knn, name: "mine" }],
      seeds: [5],
      jobs: folder,
    });
    const { path, verified } = await run.save(join(folder, "runs"));
    assert.equal(verified.depth, "full");
    assert.ok(verified.numbers > 100);
    const again = await openRun(path, pool);
    assert.deepEqual(again.rows, run.rows);
    assert.equal(String(again.leaderboard), String(run.leaderboard));
    assert.equal(
      String(compare(again, "mine", "best-single")),
      String(compare(run, "mine", "best-single")),
    );
    await assert.rejects(again.save(folder), UsageError);
    assert.throws(
      () =>
        compare(
          {
            ...again,
            pool: undefined,
            row: (id: string) => again.row(id),
          } as never,
          "mine",
          "best-single",
        ),
      DataError,
    );
    await assert.rejects(openRun(path, await openPool("demo")), /made from other data than demo/);
  });
});

Deno.test("a table and vectors of one's own, by id", async () => {
  await inFolder(async (folder) => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `q${i},"words ${i}, ${i * 7 % 13}",${i % 2},${1 - i % 2}`,
    );
    await Deno.writeTextFile(join(folder, "t.csv"), ["id,prompt,a,b", ...rows].join("\n") + "\n");
    const head = "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 2), }".padEnd(117) + "\n";
    const numbers = Float32Array.from(
      { length: 120 },
      (_, at) => Math.floor(at / 2) % 2 === at % 2 ? 1 : 0,
    );
    await Deno.writeFile(
      join(folder, "v.npy"),
      new Uint8Array([
        ...[0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, head.length, 0],
        ...new TextEncoder().encode(head),
        ...new Uint8Array(numbers.buffer),
      ]),
    );
    await Deno.writeTextFile(join(folder, "v.ids.txt"), rows.map((_, i) => `q${i}\n`).join(""));
    const pool = await openPool(join(folder, "t.csv"));
    assert.deepEqual(pool.models, ["a", "b"]);
    const embedding = `file:${join(folder, "v.npy")}`;
    const split = await openSplit(pool, { embedding });
    assert.equal(split.queries().vectors.width, 2);
    const run = await bench(pool, { routers: ["knn"], seeds: 1, jobs: folder, embedding });
    assert.equal(run.row("knn").metrics.quality, 1, "the vectors give the answer away");
  });
});

Deno.test("compare agrees with the table: the same difference, an interval around it", async () => {
  await inFolder(async (jobs) => {
    const pool = await openPool(records, { name: "small" });
    const run = await bench(pool, { routers: ["knn", "ridge"], seeds: 2, jobs });
    const { delta } = run.row("ridge"), found = compare(run, "ridge", "best-single");
    assert.ok(Math.abs(found.difference - delta!.difference) < 1e-9);
    assert.ok(found.low! <= found.difference && found.difference <= found.high!);
    const mirrored = compare(run, "best-single", "ridge");
    assert.ok(Math.abs(found.difference + mirrored.difference) < 1e-12);
    assert.throws(() => compare(run, "ridge", "rigde"), /no row "rigde"; did you mean "ridge"\?/);
  });
});

Deno.test("figures write themselves as the ending says, and refuse others", async () => {
  await inFolder(async (folder) => {
    const run = await openRun("results/demo@1/id.static.json");
    const figure = frontier(run, { only: ["knn"] });
    for (const ending of ["svg", "png", "html"]) await figure.save(`${folder}/f.${ending}`);
    assert.match(await Deno.readTextFile(`${folder}/f.svg`), /^<svg/);
    assert.deepEqual([...(await Deno.readFile(`${folder}/f.png`)).subarray(1, 4)], [80, 78, 71]);
    assert.match(await Deno.readTextFile(`${folder}/f.html`), /Plotly\.newPlot\("figure", \[/);
    await assert.rejects(figure.save(`${folder}/f.pdf`), /written as \.svg, \.png or \.html/);
    assert.ok(figures(run).length >= 5);
    const bundle =
      await (figure as unknown as Record<symbol, () => Promise<Record<string, unknown>>>)[
        Symbol.for("Jupyter.display")
      ]();
    assert.deepEqual(Object.keys(bundle), [
      "image/png",
      "application/vnd.plotly.v1+json",
      "text/plain",
    ]);
  });
});

Deno.test("a split by hand: what a router chooses for test queries, and what that earns", async () => {
  const split = await openSplit(await openPool(records, { name: "small" }), { seed: 7 });
  const fitted = await split.fit("knn");
  const choice = split.decide(fitted.models, await split.predict(fitted));
  assert.equal(choice.length, split.testRows.length);
  const { score, dollars } = split.judge(fitted.models, choice);
  assert.ok(score > 0 && score < 1 && dollars > 0);
  const M = fitted.models.length;
  const best = split.judge(
    fitted.models,
    choice.map((_, i) => {
      const row = split.table.scores.subarray(split.testRows[i] * M, (split.testRows[i] + 1) * M);
      return row.indexOf(Math.max(...row));
    }),
  );
  assert.ok(best.score >= score);
  await assert.rejects(
    openSplit(await openPool(records, { name: "small" }), { fold: 99 }),
    /no fold 99 of id; it has folds 0 to/,
  );
});

Deno.test("a split tests routers and reference rows, and prices models that join by a profile", async () => {
  const pool = await openPool(records, { name: "small" });
  const split = await openSplit(pool, { protocol: "new-model:1", fold: 3 });
  const old = await split.fit("best-single"), profile = split.profile(8);
  const joined = await old.withModels!(profile);
  assert.equal(joined.models.length, pool.models.length);
  const before = split.priced(joined.models).meanCosts;
  assert.deepEqual([...before.keys()].filter((m) => Number.isNaN(before[m])), [3]);
  const cost = split.priced(joined.models, profile).meanCosts[3];
  assert.ok(Math.abs(cost - profile.costs.reduce((a, b) => a + b) / 8) < 1e-12);
  const { score, scores, shares } = await split.test(joined, { profile });
  assert.equal(scores.length, split.testRows.length);
  assert.ok(Math.abs(score - scores.reduce((a, b) => a + b) / scores.length) < 1e-12);
  assert.deepEqual(Object.values(shares).filter((share) => share > 0), [1]);
  const told = await split.fit("best-per-benchmark"); // is told what it needs
  assert.ok((await split.test(told)).score > 0);
  const cheapest = await split.test(old, { lambda: Infinity });
  assert.ok(cheapest.dollars < (await split.test(old)).dollars);
});

Deno.test("a run of new-model has arms, others have rows", async () => {
  const results = "results/demo@1";
  const arms = await openRun(`${results}/new-model.static.json`);
  const rows = await openRun(`${results}/id.static.json`);
  assert.equal(arms.dataset, "demo/all");
  assert.ok(arms.arms.length > 5 && rows.rows.length > 5);
  assert.throws(() => arms.rows, /has arms, not rows/);
  assert.throws(() => rows.arms, /has rows, not arms/);
});

Deno.test("bad input is named: records, seeds, pools, routers", async () => {
  const broken = [{ ...records[0] }, { ...records[1], scores: { "alder-3b": 2 } }];
  await assert.rejects(
    openPool(broken as OutcomeRecord[], { name: "small" }),
    /small:2: scores\["alder-3b"\]: expected a number in \[0, 1\], got 2/,
  );
  await assert.rejects(openPool([], { name: "small" }), /small: no records/);
  await assert.rejects(openPool(records, { name: "a/b" }), /not "a\/b"/);
  await assert.rejects(openPool("demoo"), /did you mean "demo"/);
  const pool = await openPool(records, { name: "small" });
  await assert.rejects(bench(pool, { routers: ["knn"], seeds: 9 }), /expected 1 to 5/);
  await assert.rejects(bench(pool, { routers: ["knnn"] }), /no router "knnn"/);
  await assert.rejects(
    bench(pool, { routers: [{ ...knn, name: "twin" }, { ...knn, name: "Twin" }] }),
    /two routers are called "twin"/,
  );
});
