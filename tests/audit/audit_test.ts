import assert from "node:assert/strict";
import { audit } from "../../src/audit/audit.ts";
import { audited, underProtocol } from "../../src/audit/audited.ts";
import { disjointSets } from "../../src/audit/disjoint_sets.ts";
import { dropDuplicates } from "../../src/audit/drop_duplicates.ts";
import { random } from "../../src/base/random.ts";
import { type Row, tableOf } from "../splits/tables.ts";

const long =
  "A farmer has some sheep and a dog , and each of them eats twice a day ; how much is that";
const rows: Row[] = [
  // Strict duplicates across benchmarks, with one conflict.
  { id: "a1", benchmark: "x", text: "Name the capital  of France.", scores: [1, 0], costs: [1, 2] },
  {
    id: "a2",
    benchmark: "y",
    text: "Name the capital of France.",
    scores: [1, 1],
    costs: [3, undefined],
  },
  // Loose duplicates: other case and symbols.
  { id: "b1", benchmark: "x", text: "name the (capital) of Italy", scores: [1, 0] },
  { id: "b2", benchmark: "x", text: "Name the capital of Italy!", scores: [0, 0] },
  // Near-duplicates.
  { id: "c1", benchmark: "x", text: long, scores: [1, 1] },
  { id: "c2", benchmark: "y", text: long + " then", scores: [1, 1] },
  // A template: four rows with other numbers and names.
  ...["Anna 3", "Bob 44", "Eve 1", "Zoe 7"].map((who, i): Row => ({
    id: `t${i}`,
    benchmark: "y",
    text: `${who} apples were eaten, how many are left over?`,
    scores: [0, 1],
  })),
  // A few-shot prompt and the bare question it ends in.
  { id: "s1", benchmark: "y", text: "Q: one?\nA: 1\nQ: Is water wet or dry?", scores: [0, 0] },
  { id: "s2", benchmark: "x", text: "Q: Is water wet or dry?", scores: [0, 0] },
  // Too short for the loose form: not the same.
  { id: "z1", benchmark: "x", text: "2 + 2", scores: [1, 1] },
  { id: "z2", benchmark: "x", text: "2 - 2", scores: [1, 1] },
];

const together = (labels: Uint32Array, table = tableOf(rows)): string[] =>
  [...Map.groupBy(table.ids.keys(), (row) => labels[row]).values()]
    .map((own) => own.map((row) => table.ids[row]).sort().join(" "))
    .filter((set) => set.includes(" ")).sort();

Deno.test("audit: groups, templates and keepers of a small table", () => {
  const { groups, templates, keeper } = audit(tableOf(rows));
  assert.deepEqual(together(groups), ["a1 a2", "b1 b2", "c1 c2", "s1 s2"]);
  assert.deepEqual(together(templates), ["a1 a2", "b1 b2", "c1 c2", "s1 s2", "t0 t1 t2 t3"]);
  assert.deepEqual([...keeper], [0, 0, ...rows.keys()].filter((row, i) => i < 2 || row > 1));
});

Deno.test("audit: the report counts, and tells neither ids nor texts", () => {
  const { report } = audit(tableOf(rows));
  assert.deepEqual(report, {
    format: 1,
    rows: 14,
    strict: { sets: 1, dropped: 1, acrossBenchmarks: 1, conflicts: 1 },
    loose: { sets: 1, rows: 2 },
    lastQuestion: { sets: 1, rows: 2 },
    near: { similarPairs: 1, containedPairs: 1 },
    groups: { sets: 3, rows: 6, acrossBenchmarks: 2, sizes: { "1": 7, "2": 3 } },
    templates: { sets: 1, rows: 4, sizes: { "4": 1 }, mostlyBoilerplate: 0 },
    benchmarks: [
      { name: "x", rows: 7, dropped: 0, grouped: 4, templated: 0 },
      { name: "y", rows: 7, dropped: 1, grouped: 2, templated: 4 },
    ],
  });
  const json = JSON.stringify(report);
  for (const { id, text } of rows) assert.ok(!json.includes(`"${id}"`) && !json.includes(text!));
  assert.deepEqual(JSON.parse(json), report);
});

Deno.test("audit: the order of the rows changes nothing", () => {
  const first = audit(tableOf(rows));
  for (let seed = 0; seed < 5; seed++) {
    const mixed = tableOf(random(seed, "order").shuffle([...rows]));
    const again = audit(mixed);
    assert.deepEqual(again.report, first.report);
    assert.deepEqual(together(again.groups, mixed), together(first.groups));
    assert.deepEqual(together(again.templates, mixed), together(first.templates));
    const kept = again.keeper.filter((keeper, row) => keeper === row);
    assert.deepEqual(
      Array.from(kept, (row) => mixed.ids[row]).sort(),
      rows.map((r) => r.id).filter((id) => id !== "a2").sort(),
    );
  }
});

Deno.test("audit: three rows are no template, four are", () => {
  const three = rows.filter((r) => r.id !== "t3");
  const { templates, report } = audit(tableOf(three));
  assert.ok(!together(templates, tableOf(three)).some((set) => set.includes("t0")));
  assert.equal(report.templates.sets, 0);
});

Deno.test("audit: many loose copies of a text do not hide its near-duplicate", () => {
  const copies = Array.from({ length: 12 }, (_, i): Row => ({
    id: `c${String(i).padStart(2, "0")}`,
    text: long + "!".repeat(i + 1),
  }));
  const { report } = audit(tableOf([...copies, { id: "d", text: long + " then" }]));
  assert.deepEqual(report.loose, { sets: 1, rows: 12 });
  assert.deepEqual(report.groups.sizes, { "13": 1 });
});

Deno.test("audit: a generic last block joins nothing", () => {
  const prompts = Array.from({ length: 12 }, (_, i): Row => ({
    id: `p${String(i).padStart(2, "0")}`,
    text: `Q: what is ${"abcdefghijkl"[i].repeat(9)}?\nQ: Is the answer right?`,
    scores: [1],
  }));
  assert.equal(audit(tableOf(prompts)).report.lastQuestion.sets, 0);
  assert.equal(audit(tableOf(prompts.slice(2))).report.lastQuestion.sets, 1);
});

Deno.test("drop: scores and costs become means over the copies, missing ones aside", () => {
  const table = tableOf(rows, {
    repeats: new Map([["m0", rows.map((_, i) => [i / 100])]]),
    truth: Float64Array.from({ length: 28 }, (_, i) => i),
  });
  const { table: distinct, groups, templates } = dropDuplicates(table, audit(table));
  assert.equal(distinct.ids.length, 13);
  assert.deepEqual(distinct.ids.slice(0, 2), ["a1", "b1"]);
  assert.deepEqual([...distinct.scores.slice(0, 4)], [1, 0.5, 1, 0]);
  assert.deepEqual([...distinct.costs.slice(0, 4)], [2, 2, NaN, NaN]);
  assert.deepEqual(distinct.repeats!.get("m0")!.slice(0, 2), [[0, 0.01], [0.02]]);
  assert.deepEqual([...distinct.truth!.slice(0, 4)], [0, 1, 4, 5]);
  assert.deepEqual(distinct.dataset.dropped, { "strict duplicate": 1 });
  for (const column of [distinct.benchmark, distinct.task, distinct.published, distinct.options]) {
    assert.equal(column.length, 13);
  }
  assert.deepEqual([groups.length, templates.length], [13, 13]);
  assert.equal(table.ids.length, 14, "the argument is left alone");
  assert.equal(audit(distinct).report.strict.sets, 0);
});

Deno.test("drop: a published test row is kept before its training copy", () => {
  const table = tableOf([
    { id: "a", text: "same", split: "train", scores: [1] },
    { id: "b", text: "same", split: "test", scores: [0] },
  ]);
  const { table: distinct } = dropDuplicates(table, audit(table));
  assert.deepEqual([distinct.ids, [...distinct.published], [...distinct.scores]], [["b"], [2], [
    0.5,
  ]]);
});

Deno.test("drop: without duplicates the table is handed back as it is", () => {
  const table = tableOf(rows.slice(1));
  assert.equal(dropDuplicates(table, audit(table)).table, table);
});

Deno.test("audit: an empty table", () => {
  const { report, groups } = audit(tableOf([]));
  assert.deepEqual([report.rows, groups.length, report.groups.sizes], [0, 0, {}]);
});

Deno.test("disjoint sets: the smallest row names the set", () => {
  const sets = disjointSets(6);
  for (const [a, b] of [[4, 3], [5, 4], [0, 2]]) sets.join(a, b);
  assert.deepEqual([...sets.roots()], [0, 1, 0, 3, 3, 3]);
  assert.equal(sets.find(5), 3);
});

Deno.test("a published test row keeps its own outcomes, apart from its training copies", () => {
  const table = tableOf([
    { id: "p1", benchmark: "x", text: "what is one plus one", scores: [1, 0], split: "train" },
    { id: "p2", benchmark: "x", text: "what is one plus one", scores: [0, 1], split: "test" },
    { id: "p3", benchmark: "x", text: "what is one  plus one", scores: [1, 1], split: "test" },
    { id: "p4", benchmark: "x", text: "something else altogether", scores: [1, 1], split: "train" },
  ]);
  const whole = audited(table), published = underProtocol(whole, "id:published").table;
  assert.deepEqual(published.ids, ["p2", "p4"]);
  assert.deepEqual([...published.scores], [0.5, 1, 1, 1], "means over the test copies alone");
  assert.deepEqual(published.dataset.dropped, {
    "strict duplicate": 1,
    "training copy of a test query": 1,
  });
  assert.deepEqual([...whole.table.scores].map((s) => +s.toFixed(3)), [0.667, 0.667, 1, 1]);
  assert.equal(underProtocol(whole, "id").table, whole.table);
});
