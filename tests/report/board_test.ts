/** The leaderboard and the page beside it, on small invented results. */
import assert from "node:assert/strict";
import { boardPage } from "../../src/report/pages/board_page.ts";
import { competing, standingIn } from "../../src/report/pages/board_rows.ts";
import { paperPage } from "../../src/report/pages/paper_page.ts";
import { cellsOf, comparisonOf, rowsOf } from "../../src/report/pages/icl_cells.ts";
import { invented, unseen } from "./invented.ts";

const SKILLS = { knn: 0.5, ridge: 0.9, icl_router: 0.2, icl_k100: 0.7, icl_plus_clusters: 0.7 };
const [few, many] = await Promise.all([
  invented(SKILLS, "a/id.1.json", [7]),
  invented({ knn: 0.5, ridge: 0.9 }, "a/id.json", [7, 8]),
]);
const sheet = {
  ridge: {
    fitSeconds: 1.26,
    batchMicroseconds: 3.14159,
    p50Microseconds: 1,
    p95Microseconds: 1,
    parameters: 1,
    heapBytes: 0,
  },
};

/** Cells of a line of a Markdown table. */
function line(page: string, name: string): string[] {
  const found = page.split("\n").find((text) => text.startsWith(`| ${name} |`));
  assert.ok(found, `a line of ${name}`);
  return found.split("|").slice(2, -1).map((cell) => cell.trim());
}

Deno.test("variants, controls and references have no line; the file with more seeds counts", () => {
  const [cell] = cellsOf([few, many]);
  const rows = competing(cell);
  assert.deepEqual(rows.map(({ entry }) => entry.id).sort(), ["icl_router", "knn", "ridge"]);
  assert.equal(rows.find(({ entry }) => entry.id === "ridge")!.file.path, "a/id.json");
});

Deno.test("standing: the stored difference, and a sign only where it is significant", () => {
  const [cell] = cellsOf([many]);
  for (const id of ["knn", "ridge"]) {
    const stored = comparisonOf(rowsOf(cell).get(id)!, "best-single")!;
    const expected = stored.pHolm < 0.05 ? Math.sign(stored.difference) : 0;
    assert.deepEqual(standingIn(cell, id), { difference: stored.difference, sign: expected });
  }
  assert.equal(standingIn(cell, "nobody"), undefined);
  const [arms] = cellsOf([unseen(many)]);
  assert.deepEqual(standingIn(arms, "icl_router"), undefined, "no arm at n = 64");
});

Deno.test("the page: better rows first, speeds from the sheet, the same page whatever the order", () => {
  const page = boardPage([few, many], new Map([["a/id.json", sheet]]));
  assert.equal(boardPage([many, few], new Map([["a/id.json", sheet]])), page);
  const at = (name: string): number => page.lastIndexOf(`| ${name} |`);
  assert.ok(at("ridge") < at("knn") && at("knn") < at("ICL-Router (table)"));
  const split = page.slice(page.indexOf("## In distribution"));
  assert.deepEqual(line(split, "ridge").slice(-2), ["1.3 s", "3.1 µs"]);
  assert.deepEqual(line(split, "knn").slice(-2), ["–", "–"]);
  assert.match(page, /- \*\*ICL-Router \(table\)\*\*: A small one\./);
  assert.doesNotMatch(page, /icl_k100|icl_plus_clusters/);
  // One dataset for ICL-Router, with one seed; two points of the standing are of two seeds.
  assert.match(line(page, "ridge")[0], /^[+−]\d+\.\d \(\+[01] −[01] of 1\)$/);
});

Deno.test("the page: unseen models by n, best single first", () => {
  const page = boardPage([unseen(few)], new Map());
  const table = page.slice(page.indexOf("## Unseen models")).split("\n").filter((l) =>
    l.startsWith("|")
  );
  assert.deepEqual(table.map((l) => l.split("|")[1].trim()).slice(2), [
    "best single",
    "knn",
    "ICL-Router (table)",
  ]);
  assert.deepEqual(line(page, "ICL-Router (table)").slice(0, 3), ["zero-update", ".500−", ".750+"]);
});

Deno.test("paper and ours: what was not run says so, what was has its difference", () => {
  const page = paperPage([many]);
  const single = cellsOf([many]).flatMap((cell) => standingIn(cell, "ridge") ?? [])[0];
  const text = `${single.difference < 0 ? "−" : "+"}${
    Math.abs(100 * single.difference).toFixed(1)
  }`;
  assert.ok(line(page, "the classics")[2].includes(`ridge: ID ${text} (1 dataset)`));
  assert.equal(line(page, "GraphRouter, arXiv 2410.03834")[2], "not run");
});
