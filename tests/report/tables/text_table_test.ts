import assert from "node:assert/strict";
import {
  markdownTable,
  shortened,
  textTable,
  widthOf,
  wrapped,
} from "../../../src/report/tables/text_table.ts";

Deno.test("widthOf: accents are nothing, East Asian characters and emoji are two", () => {
  const cases: [text: string, width: number][] = [
    ["", 0],
    ["plain", 5],
    ["naïve", 5],
    ["nai\u0308ve", 5], // the same, with a combining mark
    ["−.046±.012", 10],
    ["模型", 4],
    ["モデル", 6],
    ["모델", 4],
    ["（ａ）", 6],
    ["🙂", 2],
    ["👩‍🔬", 2], // three code points, one picture
    ["a–b…c", 5],
  ];
  for (const [text, width] of cases) assert.equal(widthOf(text), width, text);
});

Deno.test("textTable: left and right, rules, no blanks at the ends", () => {
  const columns = [{ title: "router" }, { title: "q", align: "right" }, { title: "vs" }] as const;
  const table = textTable(columns, [["模型", ".5", "S+"], [], ["nai\u0308ve", "1.000", ""]]);
  assert.equal(
    table,
    [
      "router      q  vs",
      "─────────────────",
      "模型       .5  S+",
      "─────────────────",
      "nai\u0308ve   1.000",
    ].join("\n"),
  );
});

Deno.test("textTable: every column starts at the same place in every row", () => {
  const names = ["a", "Avengers-Pro", "路由器", "e\u0301e\u0301", "🙂🙂"];
  const rows = names.map((name, i) => [name, "9".repeat(i + 1), "end"]);
  const table = textTable([{ title: "n" }, { title: "x", align: "right" }, { title: "e" }], rows);
  const ends = table.split("\n").slice(2).map((line) =>
    widthOf(line.slice(0, line.indexOf("end")))
  );
  assert.equal(new Set(ends).size, 1, table);
});

Deno.test("markdownTable: bars are escaped, rules left out, numbers to the right", () => {
  const table = markdownTable([{ title: "a|b" }, { title: "n", align: "right" }], [
    ["x|y", "1"],
    [],
    ["two\nlines", "2"],
  ]);
  assert.equal(table, "| a\\|b | n |\n| --- | --: |\n| x\\|y | 1 |\n| two lines | 2 |");
});

Deno.test("wrapped: lines within the width, later ones indented, long words whole", () => {
  assert.deepEqual(wrapped("one two three four", 9, "  "), ["one two", "  three", "  four"]);
  assert.deepEqual(wrapped("unbreakable", 5), ["unbreakable"]);
  assert.deepEqual(wrapped("模型 模型 模型", 9), ["模型 模型", "模型"]);
});

Deno.test("shortened: an ellipsis within the width, nothing where it fits", () => {
  assert.equal(shortened("Avengers-Pro", 12), "Avengers-Pro");
  assert.equal(shortened("Avengers-Pro", 8), "Avenger…");
  assert.equal(shortened("模型模型", 6), "模型…");
});
