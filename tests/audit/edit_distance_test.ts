import assert from "node:assert/strict";
import { editDistance, fewestEdits, tokenSignatures } from "../../src/audit/edit_distance.ts";
import { random } from "../../src/base/random.ts";

const of = (text: string): Int32Array => Int32Array.from(text, (c) => c.charCodeAt(0));

Deno.test("edit distance: by hand", () => {
  const cases: [string, string, number][] = [
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["same", "same", 0],
    ["abcd", "bcda", 2],
    ["aXbYc", "abc", 2],
  ];
  for (const [a, b, d] of cases) {
    assert.equal(editDistance(of(a), of(b), 5), d, `${a} ${b}`);
    assert.equal(editDistance(of(a), of(b), d), d);
    if (d > 0) assert.equal(editDistance(of(a), of(b), d - 1), d, "one more than the limit");
  }
});

Deno.test("edit distance: the band agrees with the full table", () => {
  const full = (a: Int32Array, b: Int32Array): number => {
    let above = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        row.push(
          Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + Number(a[i - 1] !== b[j - 1])),
        );
      }
      above = row;
    }
    return above[b.length];
  };
  const draw = random(2, "edits");
  const text = (): Int32Array =>
    Int32Array.from({ length: draw.integer(14) }, () => draw.integer(3));
  for (let trial = 0; trial < 3000; trial++) {
    const a = text(), b = text(), limit = draw.integer(8);
    assert.equal(editDistance(a, b, limit), Math.min(full(a, b), limit + 1));
  }
});

Deno.test("fewest edits: by hand, and never more than the distance", () => {
  const [a, b] = [Int32Array.of(1, 2, 3, 3), Int32Array.of(1, 2, 4, 5, 6)];
  assert.equal(fewestEdits(tokenSignatures([a, b]), 0, 1), 3, "4, 5 and 6 are new, 3 is gone");
  assert.equal(
    fewestEdits(tokenSignatures([a, Int32Array.of(129, 2, 3)]), 0, 1),
    0,
    "129 is 1 modulo 128",
  );
  const draw = random(3, "fewest edits");
  for (let trial = 0; trial < 2000; trial++) {
    const texts = [0, 1].map(() =>
      Int32Array.from({ length: draw.integer(20) }, () => draw.integer(300))
    );
    if (trial % 2) texts[1] = texts[0].filter(() => draw.next() < 0.8);
    const least = fewestEdits(tokenSignatures(texts), 0, 1);
    assert.ok(least <= editDistance(texts[0], texts[1], 40));
  }
});
