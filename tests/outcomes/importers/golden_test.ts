/** Every importer on its invented repository: the records, byte for byte, and the count of what fell out. */
import assert from "node:assert/strict";
import { golden, importFixture } from "./fixture.ts";
import type { ImportLog, ImportOptions } from "../../../src/outcomes/importers/importer.ts";
import { IMPORTERS } from "../../../src/outcomes/importers/index.ts";

interface Case {
  importer: string;
  /** Dataset whose manifest gives the prices. */
  prices?: string;
  options?: ImportOptions;
  expected?: string;
  dropped: ImportLog["dropped"];
  notes?: RegExp[];
}

const AGAIN = "the same query of the same benchmark again";

const CASES: Case[] = [
  {
    importer: "routerdc",
    dropped: { [AGAIN]: 2 },
    notes: [/^1 test queries are train queries too/],
  },
  { importer: "routerbench-csv", dropped: { "an empty score or cost": 2, [AGAIN]: 1 } },
  {
    importer: "llmrouter",
    prices: "llmrouter",
    dropped: {
      "no task of that query": 1,
      "a train query that is a test query too": 1,
      "GPQA, not to be posted": 1,
      [AGAIN]: 1,
    },
  },
  {
    importer: "routellm",
    prices: "routellm",
    dropped: { "no verdict for one of the models": 2, [AGAIN]: 1 },
  },
  {
    importer: "mmlu-pro",
    prices: "mmlu-pro",
    dropped: {
      "question, options or key changed between runs": 2,
      "not answered by every model": 1,
      [AGAIN]: 1,
    },
    notes: [/^DeepSeek-Coder-V2 left out/],
  },
  {
    importer: "reasoning-gym",
    prices: "reasoning-gym",
    dropped: {
      "not asked once, in the same words, of every model": 1,
      "task not run by every model of the level": 1,
      [AGAIN]: 2,
    },
    notes: [/^easy shapes left out: meta-llama\/llama-4-scout lacks it$/],
  },
  {
    importer: "lookahead",
    prices: "lookahead",
    dropped: { "Arena-Hard question without two verdicts for each model": 1, [AGAIN]: 2 },
  },
  {
    importer: "lookahead",
    prices: "lookahead",
    options: { alpaca: ["yes"] },
    expected: "expected-with-alpaca.jsonl",
    dropped: { "Arena-Hard question without two verdicts for each model": 1, [AGAIN]: 2 },
  },
  {
    importer: "embedllm",
    dropped: {
      "the same model, prompt and label again": 1,
      "cell with contradicting labels, now missing": 2,
      "prompt without any score left": 1,
      [AGAIN]: 1,
    },
  },
  {
    importer: "icl-router",
    dropped: { "the same query, model and score again": 1, [AGAIN]: 1 },
  },
  {
    importer: "icl-router",
    options: { label: ["direct"] },
    expected: "expected-direct.jsonl",
    dropped: { "the same query, model and score again": 1, [AGAIN]: 1 },
  },
  {
    importer: "icl-router",
    options: { experts: ["expert300.json"] },
    expected: "expected-experts.jsonl",
    dropped: {},
  },
  {
    importer: "llmrouterbench",
    dropped: {
      "row of a demo run": 1,
      "cell without a score": 1,
      "token count of a cell, unknown": 1,
      "cost of a cell, 0 or unknown": 3,
      "the same query and score of one run again": 1,
    },
    notes: [/^1 indices have several query texts/],
  },
  { importer: "routerbench", options: { shots: ["0"] }, dropped: {} },
  {
    importer: "routerbench",
    options: { shots: ["5"] },
    expected: "expected-5.jsonl",
    dropped: {},
  },
  { importer: "clinc150", dropped: {} },
  { importer: "pubmedqa", dropped: {} },
  { importer: "sprout", dropped: { "prompt without any score": 1, [AGAIN]: 1 } },
  {
    importer: "xroutebench",
    dropped: {
      "the same query and model again": 1,
      "row without a performance": 1,
      "price of a cell, unknown": 1,
      "token counts of a cell, unknown": 1,
    },
  },
  {
    importer: "coderouterbench",
    dropped: { "task published without its text": 1, "row without a score": 1 },
  },
  {
    importer: "clasheval",
    dropped: { "the same question, document and model again": 1, "row without both verdicts": 1 },
  },
  {
    importer: "routereval",
    dropped: {
      "model that is there already under another name": 1,
      "score of a cell, missing": 1,
    },
    notes: [/^2 of 2 models$/],
  },
  {
    importer: "routereval",
    options: { model: ["owl/b"] },
    expected: "expected-owl.jsonl",
    dropped: { "model that is there already under another name": 1 },
    notes: [/^1 of 2 models$/],
  },
];

for (const { importer, prices, options, expected, dropped, notes = [] } of CASES) {
  const name = options ? `${importer} ${JSON.stringify(options)}` : importer;
  Deno.test(`${name}: golden records and drop counts`, async () => {
    const { lines, log } = await importFixture(importer, { options, prices });
    assert.equal(lines, await golden(importer, expected));
    assert.deepEqual(log.dropped, dropped);
    assert.equal(log.notes.length, notes.length, log.notes.join("\n"));
    notes.forEach((note, i) => assert.match(log.notes[i], note));
    assert.equal(log.steps.at(-1)?.rows, lines.split("\n").length - 1);
  });
}

Deno.test("every importer has a golden case", () => {
  const tested = new Set(CASES.map(({ importer }) => importer));
  assert.deepEqual(IMPORTERS.map(({ name }) => name).filter((name) => !tested.has(name)), []);
});
