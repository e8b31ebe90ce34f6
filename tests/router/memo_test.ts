/** The memo of a batch. */
import assert from "node:assert/strict";
import { createMemo } from "../../src/router/memo.ts";

Deno.test("memo makes a value once per key, also when it is undefined", () => {
  const memo = createMemo("test");
  let made = 0;
  const make = (): object => ({ n: ++made });
  const first = memo("a", make);
  assert.equal(memo("a", make), first);
  assert.notEqual(memo("b", make), first);
  assert.equal(made, 2);
  memo("nothing", () => void made++);
  memo("nothing", () => void made++);
  assert.equal(made, 3);
});

Deno.test("memos of different batches share nothing, even under one name", () => {
  const [one, two] = [createMemo("train"), createMemo("train")];
  assert.equal(one("k", () => 1), 1);
  assert.equal(two("k", () => 2), 2);
  assert.equal(one.id, "train");
});

Deno.test("memo shares a promise, and forgets a make that threw", async () => {
  const memo = createMemo("test");
  const pending = memo("slow", () => Promise.resolve(7));
  assert.equal(memo("slow", () => Promise.resolve(8)), pending);
  assert.equal(await pending, 7);
  const broken = (): number => {
    throw new RangeError("no");
  };
  assert.throws(() => memo("k", broken), RangeError);
  assert.equal(memo("k", () => 5), 5);
});
