import assert from "node:assert/strict";
import { VerificationError } from "../../src/base/errors.ts";
import { sameOrThrow } from "../../src/results/same.ts";

function different(stored: unknown, again: unknown, message: string): void {
  assert.throws(() => sameOrThrow("file", "/at", stored, again), (error) => {
    assert.ok(error instanceof VerificationError);
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("equal values: leaves are counted", () => {
  assert.equal(sameOrThrow("f", "", { a: [1, 2], b: { c: "x" } }, { b: { c: "x" }, a: [1, 2] }), 3);
  assert.equal(sameOrThrow("f", "", {}, {}), 0);
});

Deno.test("what a file cannot hold is no difference", () => {
  assert.equal(sameOrThrow("f", "", { a: 0 }, { a: -0, gone: undefined }), 1);
  assert.equal(sameOrThrow("f", "", { a: -0 }, { a: 0 }), 1);
  assert.equal(sameOrThrow("f", "", null, NaN), 1);
});

Deno.test("differences are named by place, with both values", () => {
  different({ a: [1, 2] }, { a: [1, 3] }, "file: /at/a/1 is 2, recomputed 3");
  different({ a: 1 }, {}, "file: /at/a is 1, recomputed missing");
  different({}, { a: null }, "file: /at/a is missing, recomputed null");
  different([1], [1, 2], "file: /at/1 is missing, recomputed 2");
  different([], {}, "file: /at is [], recomputed {}");
  different(1, "1", 'file: /at is 1, recomputed "1"');
  different({ a: null }, { a: {} }, "file: /at/a is null, recomputed {}");
  different(0.1, 0.1 + 2e-16, "file: /at is 0.1, recomputed 0.1000000000000002");
  different("x".repeat(200), 1, `file: /at is "${"x".repeat(78)}…, recomputed 1`);
});
