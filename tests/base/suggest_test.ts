import assert from "node:assert/strict";
import { didYouMean, suggest } from "../../src/base/suggest.ts";

const known = ["reasoning-gym", "mmlu-pro", "lookahead", "llmrouter", "routellm", "demo"];

Deno.test("suggest finds one edit of each kind", () => {
  assert.equal(suggest("mmlu-pr", known), "mmlu-pro");
  assert.equal(suggest("mmlu-proo", known), "mmlu-pro");
  assert.equal(suggest("mmlu_pro", known), "mmlu-pro");
  assert.equal(suggest("dmeo", known), "demo", "a swap counts as one edit");
  assert.equal(suggest("DEMO", known), "demo", "case is ignored");
});

Deno.test("suggest stays silent when nothing is near", () => {
  assert.equal(suggest("imagenet", known), undefined);
  assert.equal(suggest("", known), undefined);
  assert.equal(suggest("demo", []), undefined);
  assert.equal(suggest("dxyo", known), undefined, "two of four letters are too many");
});

Deno.test("suggest prefers fewer edits, then the earlier candidate", () => {
  assert.equal(suggest("lambda", ["lambdas", "lambda"]), "lambda");
  assert.equal(suggest("seeda", ["seedb", "seedc"]), "seedb");
});

Deno.test("didYouMean is a tail for messages", () => {
  assert.equal(didYouMean("lookahed", known), '; did you mean "lookahead"?');
  assert.equal(didYouMean("imagenet", known), "");
});
