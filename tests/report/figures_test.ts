/** Figures: what they draw of a result, and that they can be drawn without a browser. */
import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { repoPath } from "../../src/base/files.ts";
import { sourceOf } from "../../src/report/source.ts";
import { png, svg } from "../../src/report/figures/draw.ts";
import { figuresAcross, figuresOf, pairsOf, type Source } from "../../src/report/figures/all.ts";
import { budgetFigure } from "../../src/report/figures/budget.ts";
import type { Behind, Figure, Trace } from "../../src/report/figures/figure.ts";
import { frontierFigure } from "../../src/report/figures/frontier.ts";
import { gapFigure } from "../../src/report/figures/gap.ts";
import {
  criticalDifference,
  rangeQuantile,
  ranksFigure,
  ranksOf,
} from "../../src/report/figures/ranks.ts";
import { regretFigure } from "../../src/report/figures/regret.ts";
import { README_RESULT, README_SAVINGS, savingsFigure } from "../../src/report/figures/savings.ts";
import { speedFigure } from "../../src/report/figures/speed.ts";
import { slopeFigure } from "../../src/report/figures/slope.ts";
import { splitOf } from "../../src/report/figures/rows.ts";
import { lookOf } from "../../src/report/figures/style.ts";

const demo = (name: string): Promise<Source> =>
  sourceOf(repoPath("results", "demo@1", `${name}.static.json`));

/** All numbers of a figure's data, wherever they stand. */
function numbersOf(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(numbersOf);
}

function traceNamed(figure: Figure, name: string): Trace {
  const found = figure.data.find((t) => t.name === name);
  assert.ok(found, `${figure.id} has no trace ${name}: ${figure.data.map((t) => t.name)}`);
  return found;
}

Deno.test("every figure of every demo result is finite JSON with words, points name their queries", async () => {
  const seen = new Set<string>();
  for (const name of ["id", "ood", "new-model"]) {
    const { speed: _, ...source } = await demo(name);
    const known = new Set(source.result.routers.map((r) => r.id));
    for (const figure of figuresOf(source)) {
      seen.add(figure.id);
      assert.deepEqual(JSON.parse(JSON.stringify(figure)), figure, "plain JSON");
      assert.ok(numbersOf(figure.data).every(Number.isFinite), `${figure.id}: finite numbers`);
      assert.ok(figure.title.length > 10 && figure.caption.length > 40);
      for (const trace of figure.data) {
        const points = (trace.x as unknown[]).length;
        assert.equal((trace.y as unknown[]).length, points);
        const behind = trace.customdata as Behind[] | undefined;
        assert.ok(!behind || behind.length === points);
        for (const b of behind ?? []) assert.ok(b.router === undefined || known.has(b.router));
      }
    }
  }
  assert.deepEqual(
    [...seen].sort(),
    ["budget", "budget-new", "calibration", "frontier", "gap", "regret", "routing"],
  );
});

Deno.test("the frontier has the curve, the chosen point and its interval from the result", async () => {
  const { result } = await demo("id");
  const { evaluation } = splitOf(result);
  const figure = frontierFigure(result, { only: ["knn"] })!;
  const knn = evaluation.routers.find((r) => r.router === "knn")!;
  const drawn = figure.data.filter((t) => t.name === "kNN" && t.xaxis === undefined);
  assert.deepEqual(drawn.map((t) => t.mode), ["lines", "markers"]);
  const [line, mark] = drawn;
  assert.equal((line.line as { color: string }).color, lookOf("knn").color);
  const xs = line.x as number[], ys = line.y as number[];
  assert.ok(
    xs.every((x, i) => i === 0 || x > xs[i - 1]) && ys.every((y, i) => i === 0 || y > ys[i - 1]),
  );
  assert.deepEqual(mark.y, [knn.mean.quality]);
  assert.deepEqual(mark.x, [knn.mean.cost! * 1000]);
  const test = evaluation.comparisons.find((c) =>
    c.router === "knn" && c.reference === "best-single"
  )!;
  const bars = mark.error_y as { array: number[]; arrayminus: number[] };
  assert.ok(Math.abs(bars.array[0] + bars.arrayminus[0] - (test.high! - test.low!)) < 1e-9);
  const oracle = traceNamed(figure, "oracle");
  assert.equal((oracle.x as number[]).length, 2, "both cost conventions");
});

Deno.test("gap bars carry the table's numbers, and colour only what is significant", async () => {
  const { result } = await demo("id");
  const { evaluation } = splitOf(result);
  const figure = gapFigure(result);
  const bars = figure.data.flatMap((t) =>
    (t.customdata as Behind[]).map(({ router }, i) => ({
      router,
      group: t.name,
      x: (t.x as number[])[i],
      cut: (t.text as string[])[i] !== "",
    }))
  );
  for (const { router, group, x, cut } of bars) {
    const report = evaluation.routers.find((r) => r.router === router)!;
    if (!cut) assert.equal(x, report.mean.gap_closed);
    const test = evaluation.comparisons.find((c) =>
      c.router === router && c.reference === "best-single"
    )!;
    const expected = test.pHolm! >= 0.05
      ? "no difference shown"
      : test.difference > 0
      ? "above best single"
      : "below best single";
    assert.equal(group, expected, router);
  }
  const competing = result.routers.filter((r) => !r.reference && r.notApplicable === null);
  assert.equal(bars.length, competing.length);
});

Deno.test("regret groups hold every solvable query once, and lines are best single less own", async () => {
  const { result } = await demo("id");
  const { evaluation } = splitOf(result);
  const figure = regretFigure(result, { only: ["knn"] });
  const [bar, line] = figure.data;
  const groups = bar.customdata as Behind[];
  assert.equal(groups[0].solvers, 1);
  groups.slice(1).forEach((g, i) => assert.equal(g.solvers, groups[i].solversTo! + 1));
  const [single, knn] = ["best-single", "knn"].map((id) =>
    evaluation.routers.find((r) => r.router === id)!
  );
  const { solvers } = groups[0];
  const expected = single.seeds.map(({ regret }, s) => {
    const of = (rows: typeof regret): number => rows.find((g) => g.solvers === solvers)!.regret;
    return of(regret) - of(knn.seeds[s].regret);
  }).reduce((a, b) => a + b) / single.seeds.length;
  assert.equal(groups[0].solversTo, solvers, "the demo has few models: no ranges");
  assert.ok(Math.abs((line.y as number[])[0] - expected) < 1e-12);
});

Deno.test("free models stand at a marked edge of the cost axis, in both panels where routers use them", async () => {
  const { result } = await demo("id");
  const { evaluation } = splitOf(result);
  assert.doesNotMatch(JSON.stringify(frontierFigure(result)), /"free"|no cost/);
  const cheapest = Math.min(...evaluation.panels.flatMap((p) => p.models.map((m) => m.cost!)));
  const free = (cost: number): number => cost < cheapest * 1.2 ? 0 : cost;
  const figure = frontierFigure({
    ...result,
    evaluation: {
      ...evaluation,
      panels: evaluation.panels.map((p) => ({
        ...p,
        models: p.models.map((m) => ({ ...m, cost: free(m.cost!) })),
      })),
      routers: evaluation.routers.map((r) => ({
        ...r,
        seeds: r.seeds.map((s) => ({
          ...s,
          curve: s.curve.map((p) => ({ ...p, cost: free(p.cost) })),
        })),
      })),
    },
  })!;
  const xs = figure.data.flatMap((t) => t.x as number[]);
  assert.ok(xs.every((x) => x > 0), "all of it can be drawn on a logarithmic axis");
  const { ticktext, tickvals } = figure.layout.xaxis as { ticktext: string[]; tickvals: number[] };
  assert.equal(ticktext[0], "free");
  assert.equal(tickvals[0], Math.min(...xs));
  const models = traceNamed(figure, "single models");
  const at = (models.x as number[]).indexOf(tickvals[0]);
  assert.match((models.hovertemplate as string[])[at], /at no cost/);
  assert.match(await svg(figure), /free/);
});

Deno.test("every timed router has its name in the speed figure: at its mark, below the axis, or in the caption", async () => {
  const { result } = await demo("id");
  const speed = Object.fromEntries(result.routers.map(({ id }, i) => [id, {
    fitSeconds: 1,
    batchMicroseconds: 2 ** (i % 9),
    p50Microseconds: 1,
    p95Microseconds: 1,
    parameters: 1,
    heapBytes: 1,
  }]));
  const figure = speedFigure(result, speed)!;
  const { competing, name } = splitOf(result);
  assert.equal(figure.data.length, competing.length);
  for (const trace of figure.data) {
    const [{ router }] = trace.customdata as { router: string }[];
    const ways = [
      trace.mode === "markers+text",
      trace.showlegend === true,
      figure.caption.includes(name(router)),
    ];
    assert.equal(ways.filter(Boolean).length, 1, `${router}: ${ways}`);
  }
});

Deno.test("the ends of a line between protocols know their results", async () => {
  const [id, ood] = (await Promise.all(["id", "ood"].map(demo))).map((s) => s.result);
  const [line] = slopeFigure([{ id, ood }])!.data;
  assert.deepEqual(
    (line.customdata as Behind[]).map(({ protocol, dataset }) => [protocol, dataset]),
    [
      ["id", "demo/all"],
      ["ood", "demo/all"],
    ],
  );
});

Deno.test("figures refuse results they are not for", async () => {
  const [id, ood, fresh] = await Promise.all(["id", "ood", "new-model"].map(demo));
  assert.throws(() => budgetFigure(id.result), DataError);
  assert.throws(() => gapFigure(fresh.result), DataError);
  assert.equal(ranksFigure([id.result]), undefined);
  assert.equal(slopeFigure([]), undefined);
  const other = { ...ood.result, dataset: { ...ood.result.dataset, name: "other" } };
  assert.throws(() => slopeFigure([{ id: id.result, ood: other }]), DataError);
});

Deno.test("results side by side: same seeds, each dataset once, nothing synthetic among recorded", async () => {
  const [id, ood] = (await Promise.all(["id", "ood"].map(demo))).map((s) => s.result);
  const named = (result: typeof id, name: string): typeof id => ({
    ...result,
    dataset: { ...result.dataset, name, synthetic: false },
  });
  const pairs = (...results: typeof id[]): string[] =>
    pairsOf(results).map((p) => p.id.dataset.name);
  assert.deepEqual(pairs(id, ood), ["demo/all"]);
  assert.deepEqual(pairs(id, ood, named(id, "b"), named(ood, "b")), ["b"]);
  assert.deepEqual(pairs(named(id, "a/all"), named(id, "a/priced"), named(ood, "a/priced")), [
    "a/priced",
  ]);
  const all = ["a/all", "a/priced"].flatMap((name) => [named(id, name), named(ood, name)]);
  assert.deepEqual(pairs(...all), ["a/all"]);
  const other = { ...ood, protocol: { ...ood.protocol, seeds: [1, 2, 3] } };
  assert.deepEqual(pairs(id, other), []);
  const across = figuresAcross([
    id,
    named(id, "b"),
    named(id, "c/gsm8k-priced"),
    named(id, "c"),
    ood,
  ]);
  assert.deepEqual(across.map((f) => f.id), ["slope", "ranks"]);
  assert.match(across[1].caption, /2 datasets/);
  assert.deepEqual(figuresAcross([id]), []);
});

Deno.test("a number of solvers that no query has is left out of the regret figure", async () => {
  const { result } = await demo("id");
  const { evaluation } = splitOf(result);
  const routers = evaluation.routers.map((r) => ({
    ...r,
    seeds: r.seeds.map((s) => ({ ...s, regret: s.regret.filter((g) => g.solvers !== 3) })),
  }));
  const figure = regretFigure({ ...result, evaluation: { ...evaluation, routers } });
  assert.ok(numbersOf(figure.data).every(Number.isFinite));
  assert.ok((figure.data[0].customdata as Behind[]).every((g) => g.solvers !== 3));
});

Deno.test("two rows of the same name keep bars of their own", async () => {
  const { result } = await demo("id");
  const routers = result.routers.map((r) => r.id === "ridge" ? { ...r, name: "kNN" } : r);
  const labels = gapFigure({ ...result, routers }).data.flatMap((t) => t.y as string[]);
  assert.equal(new Set(labels).size, labels.length);
  assert.ok(labels.includes("kNN (knn)") && labels.includes("kNN (ridge)"));
});

Deno.test("ranks and Nemenyi's difference, against Demšar's table 5", () => {
  assert.deepEqual(ranksOf([0.5, 0.9, 0.5, 0.1]), [2.5, 1, 2.5, 4]);
  for (const [k, q] of [[2, 1.960], [3, 2.343], [5, 2.728], [10, 3.164]]) {
    assert.ok(Math.abs(rangeQuantile(k, 0.95) / Math.SQRT2 - q) < 1e-3, `k = ${k}`);
  }
  assert.ok(
    Math.abs(criticalDifference(4, 14, 0.05) - 1.25) < 0.01,
    "Demšar §3.2.2's example, .05",
  );
});

Deno.test("looks: the same router looks the same, no two known ones alike", () => {
  assert.deepEqual(lookOf("knn"), lookOf("knn"));
  const looks = [
    "icl_router_plus",
    "knn",
    "uniroute",
    "arch_router",
    "carrot_knn",
    "cascade",
    "mlp",
    "profile_knn",
    "omni_router",
  ]
    .map((id) => JSON.stringify(lookOf(id)));
  assert.equal(new Set(looks).size, looks.length);
  assert.equal(lookOf("somebody_s_own").symbol, "star");
});

Deno.test("drawing: SVG is standalone and the same twice, PNG has the size asked for", async () => {
  const { result } = await demo("id");
  const figure = gapFigure(result);
  const [first, second] = [await svg(figure), await svg(figure)];
  assert.equal(first, second);
  assert.match(first, /^<svg /);
  assert.match(first, /kNN/);
  assert.doesNotMatch(first, /NaN|<script/);
  const bytes = await png(figure, 1);
  assert.deepEqual([...bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getUint32(16), figure.layout.width);
  assert.equal(view.getUint32(20), figure.layout.height);
});

Deno.test("the README's picture: its title is the result's number, and the line crosses where it says", async () => {
  const { result } = await sourceOf(repoPath("results", README_RESULT));
  const figure = savingsFigure(result, README_SAVINGS);
  const committed = repoPath("results", "figures", "readme.svg");
  assert.equal(await svg(figure), await Deno.readTextFile(committed), "deno task figures --readme");
  const { evaluation } = splitOf(result);
  const [{ router }] = README_SAVINGS.lines;
  const [own, single] = [router, "best-single"].map((id) =>
    evaluation.routers.find((r) => r.router === id)!
  );
  const share = Math.round(100 * own.mean.qnc!);
  assert.ok(figure.title.endsWith(`for ${share}% of its cost`));
  const line = figure.data.find(({ mode, line }) =>
    mode === "lines" && (line as { color: string }).color === lookOf(router).color
  )!;
  const xs = line.x as number[], ys = line.y as number[];
  const at = ys.findIndex((y) => y >= single.mean.quality!);
  const crossing = xs[at - 1] +
    (xs[at] - xs[at - 1]) * (single.mean.quality! - ys[at - 1]) / (ys[at] - ys[at - 1]);
  assert.equal(Math.round(100 * crossing), share);
  assert.ok(figure.data.filter(({ mode }) => mode === "lines").length <= 5);
});

Deno.test("the README's picture refuses a router that never gets there", async () => {
  const { result } = await sourceOf(repoPath("results", README_RESULT));
  const never = { ...README_SAVINGS.lines[0], router: "router_retriever" };
  assert.throws(() => savingsFigure(result, { ...README_SAVINGS, lines: [never] }), DataError);
  const nobody = { ...never, router: "nobody" };
  assert.throws(() => savingsFigure(result, { ...README_SAVINGS, lines: [nobody] }), DataError);
});
