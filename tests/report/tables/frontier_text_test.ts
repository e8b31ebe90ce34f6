import assert from "node:assert/strict";
import { frontierText } from "../../../src/report/tables/frontier_text.ts";
import { widthOf } from "../../../src/report/tables/text_table.ts";
import type { RouterReport } from "../../../src/evaluate/evaluate.ts";

type Pair = [cost: number, quality: number];

function row(router: string, ...seeds: Pair[][]): RouterReport {
  return {
    router,
    seeds: seeds.map((points) => ({
      curve: points.map(([cost, quality]) => ({ cost, quality })),
    })),
  } as unknown as RouterReport;
}

const singles = (...pairs: Pair[]) => pairs.map(([cost, quality]) => ({ cost, quality }));
const names = new Map([["early", "Early"], ["late", "Late one"], ["lame", "Lame"]]);
const early = row("early", [[0.001, 0.2], [0.01, 0.8]]);
const late = row("late", [[0.001, 0.1], [0.01, 0.4], [0.1, 1]]);
const lame = row("lame", [[0.001, 0.1], [0.1, 0.3]]);
const coin = row("zero-router", [[0.001, 0.1], [0.1, 0.9]]);
const models = singles([0.001, 0.1], [0.1, 0.9]);

const lines = (text: string | undefined): string[] => text!.split("\n");
const body = (text: string | undefined): string[] =>
  lines(text).filter((line) => line.includes("│")).map((line) => line.split("│")[1].padEnd(84));
/** Marks of a column of the drawing, from above. */
const column = (text: string | undefined, x: number): string =>
  body(text).map((line) => line[x]).join("").replaceAll(" ", "");

Deno.test("a letter stands for whoever is best for that money, and only for him", () => {
  const text = frontierText([early, late, lame, coin], models, names);
  const letters = (mark: string): number[] =>
    Array.from({ length: 84 }, (_, x) => x).filter((x) => column(text, x).includes(mark));
  const a = letters("A"), b = letters("B");
  assert.ok(a.length > 30 && b.length > 3, `${a.length}, ${b.length}`);
  assert.equal(Math.max(...a) < Math.min(...b), true, "one leads below, the other above");
  for (let x = 1; x < 84; x++) {
    assert.equal(column(text, x).match(/[A-Z]/g)?.length, 1, `column ${x}`);
  }
  // From 1 to 100 by factors: Early ends at .8, Late passes .8 where .4 + .6 (c − 10)/90 = .8.
  const crossing = Math.log10(10 + 90 * 0.4 / 0.6) / 2 * 83;
  assert.ok(Math.abs(Math.min(...b) - crossing) <= 1, `${Math.min(...b)} is not near ${crossing}`);
});

Deno.test("legend: leaders with letters, the others by name, marks explained", () => {
  const legend = lines(frontierText([early, late, lame, coin], models, names)).slice(-3).join("\n");
  assert.match(legend, /A Early {3}B Late one {3}· zero router {3}o single model/);
  assert.match(legend, /a letter: the router that is best for that money/);
  assert.match(legend, /never best: Lame/);
});

Deno.test("axes: ends of the cost axis in dollars per 1,000, best and worst quality", () => {
  const text = frontierText([early, late, lame, coin], models, names);
  assert.match(text!, /^ 1\.000 │/m);
  assert.match(text!, /^ {2}\.100 │/m);
  assert.match(text!, /^ {8}\$1\.00 .* \$100 per 1,000 queries$/m);
});

Deno.test("at most 100 columns and 19 lines, whatever the names", () => {
  const many = Array.from({ length: 9 }, (_, i) => {
    const id = `a-router-with-a-rather-long-name-${i}`;
    return row(id, [[0.001, 0.1 + i / 100], [0.01 * (i + 1), 0.5 + i / 20]]);
  });
  const text = frontierText([...many, coin], models, names);
  for (const line of lines(text)) assert.ok(widthOf(line) <= 100, line);
  const few = frontierText([early, late, lame, coin], models, names);
  assert.ok(lines(few).length <= 19, String(lines(few).length));
});

Deno.test("curves are means over seeds, and only points that improve are used", () => {
  const wobbly = row("early", [[0.001, 0.2], [0.005, 0.1], [0.01, 0.7]], [
    [0.001, 0.2],
    [0.005, 0.1],
    [0.01, 0.9],
  ]);
  assert.equal(
    frontierText([wobbly, coin], models, names),
    frontierText([early, coin], models, names),
  );
});

Deno.test("equal curves: the earlier row leads", () => {
  const twin = { ...early, router: "late" };
  const text = frontierText([early, twin, coin], models, names);
  assert.match(text!, /A Early/);
  assert.match(text!, /never best: Late one/);
});

Deno.test("rows of one point are no curves", () => {
  const single = row("late", [[0.05, 0.99]]);
  const text = frontierText([single, coin], models, names);
  assert.doesNotMatch(text!, /Late|a letter/);
  assert.match(text!, /^ {2}\.900 │/m);
});

Deno.test("a free model stands at the left edge, off the logarithmic axis, and routers may use it", () => {
  const cheap = row("early", [[0, 0.3], [0.001, 0.4], [0.01, 0.8]]);
  const text = frontierText([cheap, coin], [...models, { cost: 0, quality: 0.5 }], names);
  assert.equal(column(text, 0), "oA", "the model, and the router without money");
  assert.equal(column(text, 1) + column(text, 2) + column(text, 3), "");
  assert.match(column(text, 4), /A/);
  assert.match(text!, /^ {7}└─┄┄┄─+$/m);
  assert.match(text!, /^ {8}\$0 {2}\$1\.00 .* \$100 per 1,000 queries$/m);
});

Deno.test("in a narrow window the drawing is narrow; many that never lead are counted", () => {
  const many = Array.from({ length: 9 }, (_, i) => row(`idle-${i}`, [[0.001, 0.1], [0.1, 0.2]]));
  const text = frontierText([early, late, ...many, coin], models, names, 70);
  for (const line of lines(text)) assert.ok(widthOf(line) <= 70, line);
  assert.match(text!, /never best: 9 other routers$/);
});

Deno.test("nothing to draw", () => {
  assert.equal(frontierText([row("early", [])], [{ cost: null, quality: 0.5 }], names), undefined);
  assert.equal(frontierText([], [], names), undefined);
});

Deno.test("one model and no curve: a single mark", () => {
  const text = frontierText([], singles([0.01, 0.5]), names);
  assert.equal(body(text).join("").trim(), "o");
});
