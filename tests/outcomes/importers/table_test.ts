/** The table with a row a query and a column a model: what columns are taken for, and the records. */
import assert from "node:assert/strict";
import { DataError, UsageError } from "../../../src/base/errors.ts";
import type { ImportLog } from "../../../src/outcomes/importers/importer.ts";
import {
  type Cell,
  describeColumns,
  importCommand,
  readColumns,
  type Sheet,
  tableRecords,
  type ToldColumns,
} from "../../../src/outcomes/importers/table.ts";
import type { OutcomeRecord } from "../../../src/outcomes/record.ts";

/** A sheet from rows of text, cells parted by bars; the header is line 1. */
function sheet(...lines: string[]): Sheet {
  const [columns, ...rows] = lines.map((line) => line.split("|").map((cell) => cell.trim()));
  return { file: "t.csv", columns, rows: rows.map((cells, i) => ({ line: i + 2, cells })) };
}

const log = (): ImportLog => ({ steps: [], dropped: {}, notes: [] });

function records(of: Sheet, told: ToldColumns = {}): OutcomeRecord[] {
  const columns = readColumns(of, told);
  assert.equal(columns.doubt, undefined);
  return tableRecords(of, columns, "t", log());
}

const doubt = (of: Sheet, told: ToldColumns = {}): string | undefined =>
  readColumns(of, told).doubt;

function refused(of: Sheet, told: ToldColumns = {}): string {
  try {
    tableRecords(of, readColumns(of, told), "t", log());
  } catch (error) {
    assert.ok(error instanceof DataError || error instanceof UsageError, String(error));
    return error.message;
  }
  assert.fail("accepted");
}

Deno.test("names say the query, benchmark, id and costs; the other numbers from 0 to 1 are models", () => {
  const table = sheet(
    "id|dataset|task|Prompt|small|large|small_cost|cost:large|answer|split",
    "a|sums|plus|1 + 1?|1|0.5|0.001|0.002|2|train",
    "b|sums||2 + 2?||1||0.004|4|test",
  );
  assert.deepEqual(records(table), [
    {
      id: "a",
      benchmark: "sums",
      task: "plus",
      query: "1 + 1?",
      split: "train",
      scores: { small: 1, large: 0.5 },
      costs: { small: 0.001, large: 0.002 },
    },
    {
      id: "b",
      benchmark: "sums",
      query: "2 + 2?",
      split: "test",
      scores: { large: 1 },
      costs: { large: 0.004 },
    },
  ]);
  assert.equal(
    describeColumns(readColumns(table), "t"),
    "query = Prompt, id = id, benchmark = dataset, task = task, split = split; " +
      "scores of 2 models: small, large; costs of all; not used: answer",
  );
});

Deno.test("without id and benchmark: numbered rows, one benchmark; a column of row numbers is the id", () => {
  const bare = records(sheet("query|a|b", "x?|1|0", "y?|0|1"));
  assert.deepEqual(bare.map(({ id, benchmark }) => [id, benchmark]), [
    ["000001", "t"],
    ["000002", "t"],
  ]);
  assert.deepEqual(records(sheet("|query|a|b", "0|x?|1|0", "1|y?|0|1")).map(({ id }) => id), [
    "0",
    "1",
  ]);
});

Deno.test("scores named as such are the only ones", () => {
  const table = sheet("question|score_a|score_b|difficulty", "x?|1|0|0.3", "y?|0|1|0.9");
  assert.deepEqual(records(table)[0].scores, { a: 1, b: 0 });
  assert.deepEqual(readColumns(table).left, ["difficulty"]);
});

Deno.test("right and wrong are 1 and 0; the usual words for nothing are missing", () => {
  const table = sheet("query|a|b|c", "x?|true|FALSE|1", "y?|NaN|True|", "z?|null|n/a|0.25");
  assert.deepEqual(records(table).map(({ scores }) => scores), [
    { a: 1, b: 0, c: 1 },
    { b: 1 },
    { c: 0.25 },
  ]);
  const typed: Sheet = {
    file: "t.parquet",
    columns: ["query", "a", "b"],
    rows: [{ line: 1, cells: ["x?", true, 0.5] as Cell[] }, { line: 2, cells: ["y?", NaN, 1] }],
  };
  assert.deepEqual(records(typed).map(({ scores }) => scores), [{ a: 1, b: 0.5 }, { b: 1 }]);
});

Deno.test("percentages are read when told, and doubted when not", () => {
  const table = sheet("query|a|b", "x?|100|37.5", "y?|0|1");
  assert.match(doubt(table)!, /column "a" holds numbers up to 100, percentages if they are scores/);
  assert.equal(
    importCommand("t.csv", readColumns(table), "t.jsonl"),
    "deno task data import table t.csv --query query --scores a,b --percent --out t.jsonl",
  );
  assert.deepEqual(records(table, { percent: true }).map(({ scores }) => scores), [
    { a: 1, b: 0.375 },
    { a: 0, b: 0.01 },
  ]);
  assert.deepEqual(
    records(sheet("query|a|b", "x?|50%|100 %"), { scores: ["a", "b"], percent: true })[0].scores,
    { a: 0.5, b: 1 },
  );
  assert.match(
    refused(sheet("query|a|b", "x?|1|0"), { percent: true }),
    /expected percentages, got no score above 1/,
  );
  assert.match(
    refused(table, { scores: ["a", "b"] }),
    /t\.csv:2: column "a": expected a score from 0 to 1 \(--percent reads 0 to 100\), got "100"/,
  );
});

Deno.test("doubts are named, not decided", () => {
  const cases: [RegExp, Sheet][] = [
    [/no column of text is called query, prompt/, sheet("words|a|b", "x?|1|0")],
    [/the query is in "query" or "prompt"/, sheet("query|prompt|a|b", "x?|y?|1|0")],
    [/only one column holds scores/, sheet("query|a", "x?|1")],
    [/no column holds scores/, sheet("query|a", "x?|7000")],
    [/column "difficulty" may be no model/, sheet("query|a|b|difficulty", "x?|1|0|0.4")],
    [
      /line 3, column "b": "timed out" among numbers/,
      sheet(
        "query|a|b",
        "x?|1|0",
        "y?|1|timed out",
        "z?|1|1",
      ),
    ],
    [/column "c" holds numbers that are neither scores/, sheet("query|a|b|c", "x?|1|0|55")],
    [/"b" has no column of costs, other models do/, sheet("query|a|b|cost_a", "x?|1|0|0.1")],
    [
      /"c" has costs but no scores/,
      sheet(
        "query|a|b|cost_a|cost_b|cost_c",
        "x?|1|0|0.1|0.1|0.1",
      ),
    ],
  ];
  for (const [expected, table] of cases) assert.match(doubt(table) ?? "none", expected);
});

Deno.test("the suggested command holds the best guess, ready to paste", () => {
  const table = sheet(
    "the words|my score|b's|x_cost|source",
    "which river is it?|1|0|5|s",
    "what else?|1|0|6|s",
  );
  const columns = readColumns(table);
  assert.ok(columns.doubt);
  assert.equal(
    importCommand("my data.csv", columns, "my data.jsonl"),
    "deno task data import table 'my data.csv' --query 'the words' --scores 'my score' " +
      "--out 'my data.jsonl'",
  );
});

Deno.test("told columns: names, wildcards, models by name", () => {
  const table = sheet(
    "t|s_a|s_b|other|a_usd|b_usd",
    "x?|1|0|0.5|0.1|0.2",
  );
  const [starred] = records(table, { query: "t", scores: ["s_*"], costs: ["*_usd"] });
  assert.deepEqual(starred.scores, { a: 1, b: 0 });
  assert.deepEqual(starred.costs, { a: 0.1, b: 0.2 });
  const [named] = records(table, {
    query: "t",
    scores: ["small=s_a", "other"],
    costs: ["small=b_usd"],
  });
  assert.deepEqual(named.scores, { small: 1, other: 0.5 });
  assert.deepEqual(named.costs, { small: 0.2 });
});

Deno.test("told columns that are not there name the nearest", () => {
  const table = sheet("query|gpt|llama|gpt_cost", "x?|1|0|1");
  assert.match(refused(table, { query: "quer" }), /no column "quer"; did you mean "query"\?/);
  assert.match(refused(table, { scores: ["gtp"] }), /no column "gtp"; did you mean "gpt"\?/);
  assert.match(refused(table, { scores: ["x*"] }), /no column is like "x\*"/);
  assert.match(
    refused(table, { scores: ["gpt", "llama"], costs: ["lama=gpt_cost"] }),
    /costs of "lama", which is no model with scores; did you mean "llama"\?/,
  );
  assert.match(refused(table, { scores: ["a=gpt", "a=llama"] }), /two columns for "a"/);
});

Deno.test("broken cells are refused with file, line, column and value", () => {
  const told = { scores: ["a", "b"] };
  const cases: [RegExp, Sheet, ToldColumns?][] = [
    [
      /^t\.csv:3: column "b": expected a number, or an empty cell, got "error"$/,
      sheet("query|a|b", "x?|1|0", "y?|1|error"),
    ],
    [
      /t\.csv:2: column "a": expected a score from 0 to 1, got "-0\.5"/,
      sheet("query|a|b", "x?|-0.5|0"),
    ],
    [
      /t\.csv:2: column "a": expected a score from 0 to 1, got "170"/,
      sheet("query|a|b", "x?|170|0"),
    ],
    [/column "a": .*from 0 to 100, got "170"/, sheet("query|a|b", "x?|170|0"), { percent: true }],
    [
      /t\.csv:3: column "query": expected a query, got an empty cell/,
      sheet("query|a|b", "x?|1|0", "|1|0"),
    ],
    [
      /t\.csv:4: column "id": expected an id of its own \(line 2 has the same\), got "q"/,
      sheet("id|query|a|b", "q|x?|1|0", "r|y?|1|0", "q|z?|1|0"),
    ],
    [
      /t\.csv:2: column "id": expected an id, got an empty cell/,
      sheet("id|query|a|b", "|x?|1|0", "b|y?|1|0"),
    ],
    [
      /t\.csv:3: column "benchmark": expected a label, got an empty cell/,
      sheet("benchmark|query|a|b", "m|x?|1|0", "|y?|1|0"),
    ],
    [
      /t\.csv:2: column "cost:a": expected dollars, not below 0, got "-1"/,
      sheet("query|a|b|cost:a", "x?|1|0|-1"),
      { costs: ["cost:a"] },
    ],
    [/a usable model name, got "__proto__"/, sheet("query|__proto__|b", "x?|1|0"), {
      scores: ["__proto__", "b"],
    }],
    [/t\.csv:1: column "a" is there twice/, sheet("query|a|a", "x?|1|0")],
    [/expected rows below the header, got none/, sheet("query|a|b")],
  ];
  for (const [expected, table, more] of cases) {
    assert.match(refused(table, { ...told, ...more }), expected);
  }
});

Deno.test("rows nobody answered are left out and counted; a cost without a score is not used", () => {
  const table = sheet("query|a|b|cost:a|cost:b", "x?|1||0.1|0.2", "y?|||1|1");
  const counted = log();
  const list = tableRecords(table, readColumns(table), "t", counted);
  assert.deepEqual(list.map(({ costs }) => costs), [{ a: 0.1 }]);
  assert.deepEqual(counted.dropped, { "no score": 1 });
});
