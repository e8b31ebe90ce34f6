/** The leaderboard and the page of papers, on small invented results. */
import assert from "node:assert/strict";
import { boardPage } from "../../../src/report/pages/board_page.ts";
import {
  belongs,
  cellsOf,
  comparisonOf,
  type ResultFile,
  rowsOf,
  standingIn,
} from "../../../src/report/pages/cells.ts";
import { paperPage } from "../../../src/report/pages/paper_page.ts";
import { signed } from "../../../src/report/tables/numbers.ts";
import { invented, unseen } from "../invented.ts";

const SKILLS = { knn: 0.5, ridge: 0.9, icl_router: 0.2, icl_k100: 0.7, icl_plus_clusters: 0.7 };
const [few, many] = await Promise.all([
  invented(SKILLS, "a/id.1.json", [7]),
  invented({ knn: 0.5, ridge: 0.9 }, "a/id.json", [7, 8]),
]);
const timed: ResultFile = {
  ...many,
  speed: {
    ridge: {
      fitSeconds: 1.26,
      batchMicroseconds: 3.14159,
      p50Microseconds: 1,
      p95Microseconds: 1,
      parameters: 1,
      heapBytes: 0,
    },
  },
};

/** Cells of the first line of a router below a heading. */
function line(page: string, heading: string, name: string): string[] {
  const found = page.slice(page.indexOf(heading)).split("\n")
    .find((text) => text.startsWith(`| ${name} |`));
  assert.ok(found, `a line of ${name}`);
  return found.split("|").slice(2, -1).map((cell) => cell.trim());
}

Deno.test("variants, controls and references have no line; the file with more seeds counts", () => {
  const [cell] = cellsOf([few, many]);
  const rows = [...rowsOf(cell).values()].filter(({ entry }) => belongs(entry));
  assert.deepEqual(rows.map(({ entry }) => entry.id).sort(), ["icl_router", "knn", "ridge"]);
  assert.equal(rows.find(({ entry }) => entry.id === "ridge")!.file.path, "a/id.json");
});

Deno.test("each of the three ICL-Routers has a line, their variants have none", () => {
  const { result: { routers: [entry] } } = many;
  const has = (id: string): boolean => belongs({ ...entry, id, reference: false });
  for (const id of ["icl_router", "icl_router_plus", "icl_router_prior"]) assert.ok(has(id), id);
  for (const id of ["icl_k100", "icl_plus_clusters", "icl_prior_shuffled"]) assert.ok(!has(id), id);
});

Deno.test("of files with as many seeds the one with more routers counts: its tests are the stricter ones", async () => {
  const small = await invented({ ridge: 0.9 }, "a/id.0.json", [7, 8]);
  const [cell] = cellsOf([small, many]);
  assert.equal(rowsOf(cell).get("ridge")!.file.path, "a/id.json");
});

Deno.test("standing: the stored difference, and a sign only where it is significant", () => {
  const [cell] = cellsOf([many]);
  for (const id of ["knn", "ridge"]) {
    const stored = comparisonOf(rowsOf(cell).get(id)!, "best-single")!;
    const expected = stored.pHolm! < 0.05 ? Math.sign(stored.difference) : 0;
    assert.deepEqual(standingIn(cell, id), { difference: stored.difference, sign: expected });
  }
  assert.equal(standingIn(cell, "nobody"), undefined);
  const [arms] = cellsOf([unseen(many)]);
  assert.equal(standingIn(arms, "icl_router"), undefined, "no arm at n = 64");
  assert.deepEqual(standingIn(arms, "icl_router", 32), { difference: 0.05, sign: 1 });
});

Deno.test("the leaderboard: how to read it first, better rows first, the same whatever the order", () => {
  const page = boardPage([few, timed]);
  assert.equal(boardPage([timed, few]), page);
  assert.match(page, /^# Leaderboard\n\n`\+1\.7 \(\+1 −0 of 5\)`: 1\.7 points .* above it on 1 /);
  const at = (name: string): number => page.indexOf(`| ${name} |`);
  assert.ok(at("ridge") < at("knn") && at("knn") < at("ICL-Router (table)"));
  const standing = line(page, "## Standing", "ridge");
  assert.match(standing[0], /^[+−]\d+\.\d \(\+[01] −[01] of 1\)$/);
  assert.deepEqual(standing.slice(-2), ["1.3 s", "3.1 µs"]);
  assert.deepEqual(line(page, "## Standing", "knn").slice(-2), ["–", "–"]);
  assert.doesNotMatch(page, /icl_k100|icl_plus_clusters|NaN|undefined/);
  assert.match(page, /- \*\*ICL-Router \(table\)\*\*: A small one\./);
});

Deno.test("the leaderboard's matrix: differences, bold where significant, rows of other splits marked", () => {
  const page = boardPage([few, many]);
  const [cell] = cellsOf([few, many]);
  for (const [id, sign] of [["ridge", 0], ["knn", -1]] as const) {
    const standing = standingIn(cell, id)!, text = signed(standing.difference);
    assert.equal(standing.sign, sign);
    assert.deepEqual(line(page, "## Known benchmarks", id), [sign === 0 ? text : `**${text}**`]);
  }
  assert.match(line(page, "## Known benchmarks", "best single")[0], /^\.\d{3}$/);
  assert.match(page, /^\| ICL-Router \(table\) ¹ \|/m);
  assert.match(page, /^¹ Another run, with fewer seeds/m);
  assert.doesNotMatch(boardPage([many]), /¹/);
});

Deno.test("paper and ours: what was not run says so, what was has its difference", () => {
  const page = paperPage([many]);
  const single = cellsOf([many]).flatMap((cell) => standingIn(cell, "ridge") ?? [])[0];
  const text = `${single.difference < 0 ? "−" : "+"}${
    Math.abs(100 * single.difference).toFixed(1)
  }`;
  const section = (title: string): string =>
    page.slice(page.indexOf(`## ${title}`)).split("\n\n")[1];
  assert.ok(section("the classics").includes(`ridge: ID ${text} (1 dataset)`));
  assert.match(section("GraphRouter"), /\*\*Here:\*\* not run$/m);
  assert.match(page, /above zero on known benchmarks for \d of 2 routers/);
});
