/** Replies in the shapes that the sources have, in one form inside, and without what grades them. */
import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { readReplies } from "../../src/outcomes/replies.ts";

const TABLE = { ids: ["q1", "q2"], models: ["a", "b"] };
const HEAD = "It is four. <answer>4</answer>";

/** A line as reasoning-gym has it, graded. */
const graded = (score: number) => ({
  id: "q1",
  answer: `key ${score}`,
  replies: {
    a: {
      head: HEAD,
      tail: "<answer>4</answer>",
      chars: 30,
      tokens: 9,
      score,
      final: "4",
      others: [{ score, final: "5" }],
    },
    b: { head: "abcdef", tail: "efghij", chars: 10, tokens: 3, letter: "C" },
    c: { head: "outside the pool", tail: "", chars: 16 },
  },
});
const OTHER = {
  id: "q2",
  replies: {
    a: { head: "begins", tail: "ends", chars: 100, tokens: 40 },
    b: { head: "Bare.", tail: "Bare.", chars: 25, tokens: 7, ranOn: 20 },
  },
};

async function read(lines: readonly unknown[], table = TABLE) {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
  try {
    await Deno.writeTextFile(path, text);
    return { ...await readReplies(path, table), text };
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("head and tail become one text, final or letter the answer; rows and models in the table's order", async () => {
  const { cells, sha256: hash, text } = await read([OTHER, { id: "q0", replies: {} }, graded(1)]);
  assert.equal(hash, sha256(text));
  assert.deepEqual(cells, [
    { text: HEAD, final: "4", chars: 30, tokens: 9 },
    { text: "abcdefghij", final: "C", chars: 10, tokens: 3 },
    { text: "begins … ends", chars: 100, tokens: 40 },
    { text: "Bare.", chars: 25, tokens: 7 },
  ]);
});

Deno.test("the short form, a text and its end apart, is the same inside", async () => {
  const end = "the end";
  const { cells } = await read([{
    id: "q1",
    replies: { a: "It begins", b: `All of it, to ${end}` },
    final: { a: end, b: end },
  }], { ids: ["q1"], models: ["a", "b"] });
  assert.deepEqual(cells, [
    { text: `It begins … ${end}`, chars: NaN, tokens: NaN },
    { text: `All of it, to ${end}`, chars: NaN, tokens: NaN },
  ]);
});

Deno.test("what grades a reply leaves no trace", async () => {
  const [right, wrong] = [await read([graded(1), OTHER]), await read([graded(0.25), OTHER])];
  assert.notEqual(right.text, wrong.text);
  assert.deepEqual(right.cells, wrong.cells);
  assert.doesNotMatch(JSON.stringify(right.cells), /score|others|key/);
});

Deno.test("a reply that is missing, twice there or of another form is named", async () => {
  const cases: [lines: readonly unknown[], message: RegExp][] = [
    [[OTHER], /no replies to q1$/],
    [[graded(1), OTHER, OTHER], /:3: id: expected a new one, got "q2" again$/],
    [[{ ...OTHER, replies: { a: OTHER.replies.a } }], /:1: q2: no reply of b$/],
    [
      [{ id: "q1", replies: { a: { head: 3, chars: 1 }, b: "" } }],
      /a: head: expected a text, got 3$/,
    ],
    [
      [{ id: "q1", replies: { a: { head: "" }, b: "" } }],
      /a: chars: expected a number, got undefined$/,
    ],
    [["q1"], /:1: expected an object with id and replies$/],
  ];
  for (const [lines, message] of cases) {
    await assert.rejects(read(lines), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, message);
      return true;
    });
  }
});
