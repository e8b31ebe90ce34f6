import assert from "node:assert/strict";
import {
  lastQuestion,
  looseForm,
  looseKey,
  strictForm,
  templateForm,
  tokens,
} from "../../src/audit/normal_form.ts";

Deno.test("strict form: NFKC and white space, case kept", () => {
  assert.equal(strictForm("  Who\t wrote \n\n ﬁrst? "), "Who wrote first?");
  assert.equal(strictForm("e\u0301"), "\u00e9");
  assert.notEqual(strictForm("Polish"), strictForm("polish"));
});

Deno.test("loose form: letters and digits of any script, with their marks", () => {
  assert.equal(looseForm("What's 2 + 2, Émile?"), "whats22émile");
  assert.equal(looseForm("हिन्दी"), "हिन्दी");
  assert.notEqual(looseForm("की"), looseForm("का"));
});

Deno.test("loose key: texts that are nearly all symbols keep them", () => {
  assert.equal(looseKey("What is  (2+2)?  A) four"), looseKey("what is 2 2 a four"));
  assert.notEqual(looseKey("2 + 2 = ?"), looseKey("2 - 2 = ?"));
  assert.notEqual(looseKey("♞♜"), looseKey("♜♞"));
  assert.equal(looseKey("♞  ♜"), looseKey("♞ ♜ "));
});

Deno.test("a key made of symbols never meets a key made of letters", () => {
  assert.equal(looseKey("a b c"), " a b c");
  assert.equal(looseKey("a b c d e f g h"), "abcdefgh");
});

Deno.test("last question: only of a prompt with several", () => {
  const shots = "Q: one?\nA: 1\n\nQ: two?\nA: 2\n\nQ: How many legs has a spider?";
  assert.equal(lastQuestion(shots)?.trim(), "Q: How many legs has a spider?");
  assert.equal(lastQuestion("Question 1: a\nQuestion 2: b")?.trim(), "Question 2: b");
  assert.equal(lastQuestion("Q: How many legs has a spider?"), undefined);
  assert.equal(lastQuestion("What is the unit of charge Q: C or A?"), undefined);
});

Deno.test("template form: other numbers, names and quotations, same template", () => {
  const a = templateForm("Anna has 3 apples and buys 12.5 more. What does 'eat' mean?");
  const b = templateForm('John Smith has -17 apples and buys 1,000 more. What does "run" mean?');
  assert.equal(a, "@ has # apples and buys # more @ does @ mean");
  assert.equal(b, a);
  assert.notEqual(templateForm("Anna has 3 pears and buys 12 more."), a);
});

Deno.test("template form: lists of any length, and too little left to compare", () => {
  assert.equal(
    templateForm("sort the numbers [3, 1, 2] ascending"),
    templateForm("sort the numbers [9, 8] ascending"),
  );
  assert.equal(templateForm("Who wrote 'The Boys'?"), undefined);
  assert.equal(templateForm("3 + 4 = ?"), undefined);
});

Deno.test("tokens: words in lower case, every symbol by itself", () => {
  assert.deepEqual(tokens("Let x=10, ok?"), ["let", "x", "=", "10", ",", "ok", "?"]);
  assert.deepEqual(tokens("♞♜ "), ["♞", "♜"]);
  assert.deepEqual(tokens(" "), []);
});
