/** The search for neighbours that routers share. */
import assert from "node:assert/strict";
import { neighbours } from "../../src/router/neighbours.ts";
import { EXACT_UP_TO, noteSize, withSizeNotes } from "../../src/router/size_notes.ts";
import { nearest } from "../../src/linalg/nearest.ts";
import { matrix, normaliseToGrid, takeRows } from "../../src/linalg/matrix.ts";
import { createMemo } from "../../src/router/memo.ts";
import { random } from "../../src/base/random.ts";
import type { QueryBatch } from "../../src/router/contract.ts";
import { batch } from "./hand.ts";

Deno.test("neighbours: nearest first, ties to the smaller id, searched once per pair of batches", async () => {
  const store = batch([[1, 0], [0, 1], [0, 1], [.5, .5]], {
    name: "store",
    ids: ["d", "c", "a", "b"],
  });
  const queries = batch([[0, 1], [1, 0]]);
  const found = await neighbours(queries, store, 4);
  assert.equal(found.k, 4);
  assert.deepEqual([...found.index], [2, 1, 3, 0, 0, 3, 2, 1]);
  assert.deepEqual([...found.similarity], [1, 1, .5, 0, 1, .5, 0, 0]);
  assert.equal(await neighbours(queries, store, 4), found);
  const other = batch([[1, 0]], { name: "other" });
  assert.equal((await neighbours(queries, other, 4)).k, 1, "another store, another search");
  assert.equal(
    (await neighbours(batch([[0, 1]]), store, 4)).index.length,
    4,
    "another batch",
  );
});

Deno.test("neighbours: a search serves those who ask for no more; a wider one takes its place", async () => {
  const vectors = Array.from({ length: 40 }, (_, i) => [Math.cos(i / 40), Math.sin(i / 40)]);
  const store = batch(vectors, { name: "store" }), queries = batch([[1, 0]]);
  const five = await neighbours(queries, store, 5);
  assert.deepEqual([...five.index], [0, 1, 2, 3, 4]);
  assert.equal(await neighbours(queries, store, 3), five);
  const nine = await neighbours(queries, store, 9);
  assert.equal(nine.k, 9);
  assert.deepEqual([...nine.index.slice(0, 5)], [...five.index]);
  assert.equal(await neighbours(queries, store, 5), nine);
});

Deno.test("neighbours: a search that failed is made again", async () => {
  const store = batch([[NaN, 0], [1, 0]], { name: "store" }), queries = batch([[1, 0]]);
  await assert.rejects(neighbours(queries, store, 1), /store row 0/);
  store.vectors.data[0] = 0;
  assert.deepEqual([...(await neighbours(queries, store, 1)).index], [1]);
});

Deno.test("neighbours: beyond a size the search is approximate, and says what it finds", async () => {
  const n = EXACT_UP_TO + 1, width = 8, draw = random(1, "rows"), vectors = matrix(n, width);
  for (let at = 0; at < vectors.data.length; at++) vectors.data[at] = draw.normal();
  normaliseToGrid(vectors);
  const named = (rows: number, name: string): QueryBatch => ({
    ids: Array.from({ length: rows }, (_, i) => `q${String(i).padStart(6, "0")}`),
    texts: [],
    vectors: takeRows(vectors, Array.from({ length: rows }, (_, i) => i)),
    memo: createMemo(name),
  });
  const queries = named(300, "queries"), small = named(n - 1, "small"), store = named(n, "store");
  const [exact, none] = await withSizeNotes(() => neighbours(queries, small, 10));
  assert.deepEqual(exact.index, (await nearest(queries.vectors, small.vectors, 10)).index);
  assert.deepEqual(none, [], "an exact search is not worth a note");

  const [found, [note, ...others]] = await withSizeNotes(() => neighbours(queries, store, 10));
  assert.equal(others.length, 0);
  assert.match(
    note,
    new RegExp(
      `^at this size neighbours are approximate: of ${n} stored queries, .*, on 256 of the queries`,
    ),
  );
  const recall = Number(/recall ([\d.]+) of 10,/.exec(note)![1]);
  const truth = (await nearest(queries.vectors, store.vectors, 10)).index;
  const hits = truth.filter((row, at) => {
    const from = at - at % 10;
    return found.index.subarray(from, from + 10).includes(row);
  }).length;
  assert.ok(
    Math.abs(hits / truth.length - recall) < 0.02,
    `${hits / truth.length}, said ${recall}`,
  );

  const [, again] = await withSizeNotes(() => neighbours(queries, store, 5));
  assert.deepEqual(again, [note], "who asks later is told as well");
});

Deno.test("notes of what a pool's size changed go to the work that they were taken in, side by side too", async () => {
  noteSize("nobody asked");
  const noting = (what: string) =>
    withSizeNotes(async () => {
      noteSize(what);
      await Promise.resolve();
      noteSize(what);
      return what;
    });
  const [a, b] = await Promise.all([noting("a"), noting("b")]);
  assert.deepEqual([a, b], [["a", ["at this size a"]], ["b", ["at this size b"]]]);
});
