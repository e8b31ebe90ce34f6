import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { checkRecord, parseRecord } from "../../src/outcomes/parse.ts";
import { SMALL } from "./small.ts";

const where = { file: "r.jsonl", line: 7 };
const good = { id: "a", benchmark: "b", query: "q", scores: { m: 1 } };

/** The message a record is refused with. */
function refusal(record: unknown): string {
  try {
    checkRecord(record, where);
  } catch (error) {
    assert.ok(error instanceof DataError, String(error));
    return error.message;
  }
  assert.fail(`accepted: ${JSON.stringify(record)}`);
}

Deno.test("parseRecord keeps a good record as it is", () => {
  for (const line of SMALL.trim().split("\n")) {
    assert.deepEqual(parseRecord(line, where), JSON.parse(line));
  }
});

Deno.test("parseRecord names file, line and the trouble with text that is not JSON", () => {
  for (const line of ["", "{", '{"id":"a"', "NaN", '{"scores":{"m":NaN}}', "{'id':1}"]) {
    assert.throws(() => parseRecord(line, where), {
      name: "DataError",
      message: /^r\.jsonl:7: expected one JSON object a line \(.+\)$/s,
    });
  }
});

Deno.test("a number too large for a double is not a score", () => {
  const line = JSON.stringify(good).replace('"m":1', '"m":1e999');
  assert.throws(() => parseRecord(line, where), {
    message: 'r.jsonl:7: scores["m"]: expected a number in [0, 1], got Infinity',
  });
});

Deno.test("each broken rule is refused with field, expectation and value", () => {
  const text = "a non-empty string";
  const cases: [unknown, string][] = [
    [[], "expected an object, got []"],
    [null, "expected an object, got null"],
    [{ ...good, id: undefined }, `id: expected ${text}, got nothing`],
    [{ benchmark: "b", query: "q", scores: { m: 1 } }, "id: expected a value, got nothing"],
    [{ ...good, id: "" }, `id: expected ${text}, got ""`],
    [{ ...good, id: 3 }, `id: expected ${text}, got 3`],
    [
      { ...good, id: "\ud800" },
      "id: expected well-formed Unicode (character 1, \\ud800, is half of a surrogate pair), " +
      'got "\\ud800"',
    ],
    [{ ...good, benchmark: null }, `benchmark: expected ${text}, got null`],
    [{ ...good, query: " \n\t" }, 'query: expected a query with text in it, got " \\n\\t"'],
    [{ ...good, scores: {} }, "scores: expected at least one model, got {}"],
    [{ ...good, scores: [1] }, "scores: expected an object from model to value, got [1]"],
    [{ ...good, scores: { m: 1.01 } }, 'scores["m"]: expected a number in [0, 1], got 1.01'],
    [{ ...good, scores: { m: -1e-9 } }, 'scores["m"]: expected a number in [0, 1], got -1e-9'],
    [{ ...good, scores: { m: NaN } }, 'scores["m"]: expected a number in [0, 1], got NaN'],
    [{ ...good, scores: { m: "1" } }, 'scores["m"]: expected a number in [0, 1], got "1"'],
    [{ ...good, scores: { m: true } }, 'scores["m"]: expected a number in [0, 1], got true'],
    [{ ...good, scores: { "": 1 } }, 'scores: expected a usable model name, got ""'],
    [
      { ...good, tokens: { m: [1.5, 2] } },
      'tokens["m"]: expected [input, output], two whole numbers ≥ 0, got [1.5,2]',
    ],
    [
      { ...good, tokens: { m: [1] } },
      'tokens["m"]: expected [input, output], two whole numbers ≥ 0, got [1]',
    ],
    [{ ...good, costs: { m: -1 } }, 'costs["m"]: expected a finite number ≥ 0, got -1'],
    [{ ...good, costs: { n: 1 } }, 'costs: expected only models that have a score, got "n"'],
    [{ ...good, tokens: { n: [1, 1] } }, 'tokens: expected only models that have a score, got "n"'],
    [{ ...good, split: "dev" }, 'split: expected "train" or "test", got "dev"'],
    [
      { ...good, options: 1 },
      "options: expected 0 (free form) or a whole number from 2 to 65535, got 1",
    ],
    [{ ...good, repeats: { m: [] } }, 'repeats["m"]: expected a non-empty list, got []'],
    [{ ...good, repeats: { m: [1, 2] } }, 'repeats["m"][1]: expected a number in [0, 1], got 2'],
    [
      { ...good, responses: { m: { prefix: "x", sha256: "0" } } },
      'responses["m"].sha256: expected 64 hex digits, got "0"',
    ],
    [
      { ...good, responses: { m: { prefix: "x" } } },
      'responses["m"]: expected an object of prefix and sha256, got {"prefix":"x"}',
    ],
    [
      { ...good, messages: [{ role: "user", content: 1 }] },
      "messages[0].content: expected text, got 1",
    ],
    [
      { ...good, prompt_tokens_extra: -1 },
      "prompt_tokens_extra: expected a whole number ≥ 0, got -1",
    ],
  ];
  for (const [record, message] of cases) {
    assert.equal(refusal(record), `r.jsonl:7: ${message}`);
  }
});

Deno.test("an unknown field is refused, the documented optional ones are not", () => {
  assert.match(
    refusal({ ...good, score: 1 }),
    /^r\.jsonl:7: score: expected one of the fields id, /,
  );
  const full = {
    ...good,
    task: "t",
    level: "l",
    tokens: { m: [0, 0] },
    costs: { m: 0 },
    split: "test",
    options: 0,
    repeats: { m: [0, 1] },
    prompt_tokens_extra: 900,
    prices: { other: [0, 1.5] },
    latency_ms: { m: 12.5 },
    responses: { m: "whole" },
    gold: ["4", "four"],
    checker: "exact",
    documents: ["d"],
    scores_rag: { m: 0.5 },
    messages: [{ role: "user", content: "q" }],
  };
  assert.equal(checkRecord(full, where), full);
  checkRecord({ ...good, responses: { m: { prefix: "", sha256: "0".repeat(64) } } }, where);
});

Deno.test("a model called __proto__ is refused, one called constructor is not", () => {
  const line = '{"id":"a","benchmark":"b","query":"q","scores":{"__proto__":1}}';
  assert.throws(() => parseRecord(line, where), {
    message: 'r.jsonl:7: scores: expected a usable model name, got "__proto__"',
  });
  const top = '{"__proto__":{"id":"a","benchmark":"b","query":"q","scores":{"m":1}}}';
  assert.throws(() => parseRecord(top, where), {
    message: "r.jsonl:7: id: expected a value, got nothing",
  });
  const record = parseRecord(line.replace("__proto__", "constructor"), where);
  assert.deepEqual(Object.entries(record.scores), [["constructor", 1]]);
  assert.match(
    refusal({ ...good, costs: { constructor: 1 } }),
    /costs: expected only models that have a score/,
  );
});

Deno.test("a long value is cut in messages", () => {
  const message = refusal({ ...good, split: "x".repeat(500) });
  assert.ok(message.length < 120, message);
  assert.ok(message.endsWith("…"));
});

Deno.test("half a surrogate pair is called so, with its place", () => {
  assert.throws(
    () => parseRecord(JSON.stringify(good).replace('"q"', '"ab\\ud83d"'), where),
    {
      name: "DataError",
      message:
        "r.jsonl:7: query: expected well-formed Unicode (character 3, \\ud83d, is half of a " +
        'surrogate pair), got "ab\\ud83d"',
    },
  );
});

Deno.test("a required field under another name is recognised", () => {
  const cases = [["prompt", "query"], ["dataset", "benchmark"], ["scorse", "scores"]];
  for (const [name, meant] of cases) {
    const record: Record<string, unknown> = { ...good };
    record[name] = record[meant];
    delete record[meant];
    const message = refusal(record);
    assert.match(message, new RegExp(`^r\\.jsonl:7: ${name}: expected one of the fields id, `));
    assert.match(message, new RegExp(`; did you mean "${meant}"\\?, got "${name}"$`));
  }
});
