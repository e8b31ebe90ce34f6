/** The tokenizer against hand-cut examples. */
import assert from "node:assert/strict";
import { wordPiece } from "../../src/embed/wordpiece.ts";

const VOCABULARY = [
  ...["[PAD]", "[UNK]", "un", "##aff", "##able", "##a", "cafe", "hello", "world", "x", "##2"],
  ...["!", "$", "-", "你", "好", "«", "3", "##5", "a"],
];
const tokenize = wordPiece(VOCABULARY);
const pieces = (text: string): string[] => tokenize(text).map((id) => VOCABULARY[id]);

Deno.test("words are cut by the longest match from the left", () => {
  assert.deepEqual(pieces("unaffable"), ["un", "##aff", "##able"]);
  assert.deepEqual(pieces("una 35 x2"), ["un", "##a", "3", "##5", "x", "##2"]);
});

Deno.test("a word with one piece missing is a single [UNK]", () => {
  assert.deepEqual(pieces("unhappy hello"), ["[UNK]", "hello"]);
});

Deno.test("case, accents and control characters do not matter", () => {
  assert.deepEqual(pieces("HELLO"), ["hello"]);
  assert.deepEqual(pieces("Café"), ["cafe"]);
  assert.deepEqual(pieces("Cafe\u0301"), ["cafe"]);
  assert.deepEqual(pieces("hel\u200blo\u0000 wor\u00adld"), ["hello", "world"]);
});

Deno.test("punctuation, symbols and ideographs stand alone", () => {
  assert.deepEqual(pieces("hello-world!$x"), ["hello", "-", "world", "!", "$", "x"]);
  assert.deepEqual(pieces("«hello你好world"), ["«", "hello", "你", "好", "world"]);
});

Deno.test("any white space separates, none makes tokens", () => {
  assert.deepEqual(pieces("\thello\r\n\u00a0world\u3000x "), ["hello", "world", "x"]);
  assert.deepEqual(pieces(" \n\t"), []);
  assert.deepEqual(pieces(""), []);
});

Deno.test("words above 100 characters are [UNK], 100 are still cut", () => {
  assert.deepEqual(pieces("a".repeat(101)), ["[UNK]"]);
  assert.equal(tokenize("a".repeat(100)).length, 100);
  assert.deepEqual(pieces("a".repeat(101)), ["[UNK]"], "the second time comes from the memo");
});

Deno.test("the quick path for ASCII cuts like the general one", () => {
  const text = "Hello, WORLD! x2 (a-35) $x un_affable ~ `a` [a]{a}\\a/a|a^a<a>a=a+a*a&a%a#a@a";
  // One character beyond ASCII sends the same text down the general path.
  assert.deepEqual(tokenize(text + " 你"), [...tokenize(text), VOCABULARY.indexOf("你")]);
});

Deno.test("a vocabulary without [UNK] is refused", () => {
  assert.throws(() => wordPiece(["a"]), /needs \[UNK\]/);
});
