/** Graders on answers as models write them. */
import assert from "node:assert/strict";
import { choiceLetter, finalNumber, type Graded, GRADERS } from "../../src/collect/grade.ts";
import type { Query } from "../../src/collect/call.ts";

const query = (gold?: Query["gold"], options?: number): Query => ({
  id: "q1",
  benchmark: "b",
  query: "?",
  gold,
  options,
});

function score(
  grader: string,
  text: string,
  gold?: Query["gold"],
  options?: number,
): number | undefined {
  return GRADERS[grader].grade({ text }, query(gold, options))?.score;
}

Deno.test("exact: case, spaces, quotes and a full stop do not matter; anything else does", () => {
  assert.equal(score("exact", ' "New  York." ', "new york"), 1);
  assert.equal(score("exact", "ＡＢＣ", "abc"), 1);
  assert.equal(score("exact", "It is New York", "New York"), 0);
  assert.equal(score("exact", "b", ["a", "b"]), 1);
  assert.equal(score("exact", "", "a"), 0);
});

Deno.test("contains: whole words only", () => {
  assert.equal(score("contains", "The capital is Paris.", "paris"), 1);
  assert.equal(score("contains", "Parisians live there", "Paris"), 0);
  assert.equal(score("contains", "It is 12.", "2"), 0);
  assert.equal(score("contains", "It is 1.5 m", "1.5"), 1);
  assert.equal(score("contains", "It is 1.5 m", "5"), 0);
});

Deno.test("choice: the letter an answer settles on", () => {
  const cases: [string, number, string | undefined][] = [
    ["B", 4, "B"],
    ["(C)", 4, "C"],
    ["B. Because it is", 4, "B"],
    ["**D**", 4, "D"],
    ["First A seems right, but the answer is (C).", 4, "C"],
    ["Answer: B\nNo, wait. Answer: D", 4, "D"],
    ["so \\boxed{B}", 4, "B"],
    ["so \\boxed{\\text{(B)}}", 4, "B"],
    ["A dog is an animal", 4, undefined],
    ["I think so", 10, undefined],
    ["the answer is a dog", 4, undefined],
    ["Options (A) and (B) are both right", 4, undefined],
    ["It must be (B), since (B) says so", 4, "B"],
    ["E", 4, undefined],
    ["J", 10, "J"],
    ["", 4, undefined],
  ];
  for (const [text, options, letter] of cases) {
    assert.equal(choiceLetter(text, options), letter, text);
  }
  assert.equal(score("choice", "no letter at all", "B", 4), 0);
  assert.equal(score("choice", "the answer is B", "B", 4), 1);
  const listed = { id: "q", benchmark: "b", query: "Which?\nA. one\nB. two", gold: "B" };
  assert.equal(GRADERS.choice.grade({ text: "(D) or (B)" }, listed)!.score, 1);
  assert.throws(() => score("choice", "B", "blue", 4), /q1: gold: expected a letter, got "blue"/);
});

Deno.test("number: the one an answer ends on", () => {
  const cases: [string, number | undefined][] = [
    ["72", 72],
    ["3 × 12 = 36, so 16 are left.", 16],
    ["#### 1,234", 1234],
    ["The answer is $5.50. I used 3 steps.", 5.5],
    ["Answer: −7 (of 10)", -7],
    ["\\boxed{3/4} of 8", 0.75],
    [".5", 0.5],
    ["from 5-7", 7],
    ["1e3", 1000],
    ["none", undefined],
  ];
  for (const [text, number] of cases) assert.equal(finalNumber(text), number, text);
  assert.equal(score("number", "it is 0.33", "1/3"), 0);
  assert.equal(score("number", "it is 1,000.0", "#### 1000"), 1);
  assert.equal(score("number", "none", "0"), 0);
  assert.throws(() => score("number", "1", "one"), /q1: gold: expected a number/);
});

Deno.test("regex: the reference is the expression, and a broken one is said", () => {
  assert.equal(score("regex", "colour", "^colou?r$"), 1);
  assert.equal(score("regex", "colours", "^colou?r$"), 0);
  assert.throws(() => score("regex", "a", "("), /q1: gold: expected a regular expression/);
});

Deno.test("json: equal to the reference whatever the order of keys; without one, any JSON", () => {
  assert.equal(
    score("json", 'Here:\n```json\n{"b": [1, 2], "a": null}\n```', '{"a":null,"b":[1,2]}'),
    1,
  );
  assert.equal(score("json", '{"b": [2, 1], "a": null}', '{"a":null,"b":[1,2]}'), 0);
  assert.equal(score("json", 'It is {"a": 1}.', '{"a": 1}'), 1);
  assert.equal(score("json", '{"a": '), 0);
  assert.equal(score("json", "[]"), 1);
  assert.throws(() => score("json", "1", "{"), /q1: gold: expected JSON/);
});

Deno.test("yes or no: by text, and by log-probabilities where they are there", () => {
  assert.equal(score("yesno", "Yes, it is.", "yes"), 1);
  assert.equal(score("yesno", "The answer is no.", "No"), 1);
  assert.equal(score("yesno", "Not at all", "no"), 0);
  assert.equal(score("yesno", "yesterday", "yes"), 0);
  const first: Graded["first"] = [["Yes", Math.log(0.6)], [" yes", Math.log(0.1)], [
    "No",
    Math.log(0.2),
  ]];
  const grade = (gold: string) => GRADERS.yesno.grade({ text: "Maybe", first }, query(gold));
  assert.equal(grade("yes")!.score, 1);
  assert.ok(Math.abs(grade("yes")!.target! - 7 / 9) < 1e-12);
  assert.equal(grade("no")!.score, 0);
  assert.ok(Math.abs(grade("no")!.target! - 2 / 9) < 1e-12);
});

Deno.test("without a reference nothing is graded, rather than wrong", () => {
  for (const name of ["exact", "contains", "choice", "number", "regex", "yesno"]) {
    assert.equal(GRADERS[name].grade({ text: "B" }, query()), undefined, name);
  }
});
