/** What readers of replies did, as page and figure; frontiers by seconds and with a prompt cache. */
import assert from "node:assert/strict";
import type { CallFacts } from "../../src/evaluate/calls.ts";
import type { Trace } from "../../src/report/figures/figure.ts";
import { callFigures } from "../../src/report/figures/calls.ts";
import { episodesFigure } from "../../src/report/figures/episodes.ts";
import { repliesPage } from "../../src/report/pages/replies_page.ts";
import { episodeReport } from "../../src/results/episode_file.ts";
import { reported } from "./fixture.ts";

/** Keen reads: it asks the cheapest model first, whose reply is the answer where it chooses that. */
async function told() {
  const report = await reported(true), { outcomes: table } = report, M = table.models.length;
  const asks = (choice: number): number[] => choice === 0 ? [0, M] : [0, choice];
  const entries = report.entries.map((entry) => ({
    ...entry,
    ...(entry.router === "keen" &&
      { paths: { horizon: 2, visited: Uint16Array.from([...entry.choice].flatMap(asks)) } }),
  }));
  const routers = report.result.routers.map((r) =>
    r.id === "keen" ? { ...r, needs: ["cost", "replies"] as const } : r
  );
  const opened = { ...report, entries, result: { ...report.result, routers } };
  return { opened, table, episodes: episodeReport(opened, table, table.ids.map((_, i) => i)) };
}

Deno.test("the page: the answer in points and money, every reader, frame and bound, and its paths", async () => {
  const { opened: { result }, episodes } = await told();
  const file = { path: "a@1/id.static.json", result, episodes };
  assert.equal(repliesPage([{ path: file.path, result }]), undefined);
  const page = repliesPage([file])!, lines = page.split("\n");
  assert.equal(repliesPage([file, { path: "b@1/id.static.json", result }]), page);
  assert.match(
    page,
    /^\*\*.+, id: the best router that reads replies, Keen \(2030\), scores \.\d{3}, [+−]\d+\.\d points \[[+−]\S+, /m,
  );
  assert.match(
    page,
    /over best single for [+−]\$\S+ per 1,000 queries; over kNN, .+\.\*\* A perfect judge of two replies would score/,
  );
  const first = lines.find((line) => line.includes("| Keen (2030) |"))!.split(" | ");
  const pair = episodes.pairs.find(({ other }) => other === "knn")!;
  assert.ok(
    first[6].startsWith(
      `${pair.score.mean < 0 ? "−" : "+"}${Math.abs(100 * pair.score.mean).toFixed(1)} [`,
    ),
  );
  assert.equal(first[8], "–", "no control was run");
  for (const name of ["best single", "kNN", "Keen (2030)", "bound: perfect judge, 3 asked"]) {
    assert.ok(lines.some((line) => line.startsWith(`| ${name} | .`)), name);
  }
  assert.match(page, /^\| ash-2b → \S+ \| the last \| \d+% \| \.\d{3} \| \S+ \|$/m);
  assert.doesNotMatch(page, /undefined|NaN|\[object/);
});

Deno.test("the figure: a router's queries fill its line, call below call; dollars are those paid", async () => {
  const { opened: { result }, episodes } = await told();
  const { data } = episodesFigure(result, episodes)!;
  const sum = (line: RegExp, axis: unknown): number =>
    data.filter((trace) => trace.xaxis === axis).reduce(
      (total, trace) =>
        total + (trace.x as number[]).filter((_, i) => line.test((trace.y as string[])[i]))
          .reduce((a, b) => a + b, 0),
      0,
    );
  assert.ok(Math.abs(sum(/asked first$/, undefined) - 1) < 1e-6);
  assert.ok(Math.abs(sum(/answers$/, undefined) - 1) < 1e-6);
  assert.ok(Math.abs(1 + sum(/second$/, undefined) - episodes.routers[0].calls) < 1e-6);
  const all = episodes.routers[0].paths.reduce((total, { queries }) => total + queries, 0);
  const paid = episodes.routers[0].paths.reduce(
    (total, { queries, paid }) => total + queries * paid.reduce((a, b) => a + b, 0),
    0,
  );
  assert.ok(Math.abs(sum(/./, "x2") - 1000 * paid / all) < 1e-6);
});

Deno.test("frontiers by seconds and with a prompt cache, only of facts that are there", async () => {
  const { opened, table } = await told(), cells = table.costs.length;
  const draw = (facts: CallFacts) => callFigures(opened, table, facts);
  assert.deepEqual(draw({}), []);
  const [timed] = draw({ seconds: new Float64Array(cells).fill(2) });
  const marks = new Map(timed.data.map(({ name, x }: Trace) => [name, (x as number[]).at(-1)!]));
  assert.ok(Math.abs(marks.get("kNN")! - 2) < 1e-9, "one call");
  assert.ok(marks.get("Keen (2030)")! > 2 && marks.get("Keen (2030)")! < 4, "one call or two");
  // Every query goes on from the first, of which nothing is known unless it is tested.
  const cache = {
    input: new Float64Array(cells).fill(1000),
    saved: Float64Array.of(1e-9, 0, 0, 0),
    before: Int32Array.from(table.ids, (_, i) => i - 1),
  };
  const [{ data }] = draw({ cache });
  const cost = (dash: string): number =>
    (data.find((trace) =>
      trace.name === "Keen (2030)" && (trace.line as { dash: string }).dash === dash
    )!.x as number[]).at(-1)!;
  const saved = cost("dot") - cost("solid");
  assert.ok(saved > 0 && saved <= 0.001 + 1e-12, "at most 1,000 tokens a query");
});
