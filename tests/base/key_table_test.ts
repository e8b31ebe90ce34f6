import assert from "node:assert/strict";
import { hash32, mix } from "../../src/base/hash32.ts";
import { KeyTable } from "../../src/base/key_table.ts";
import { random } from "../../src/base/random.ts";

Deno.test("hash32: FNV-1a, mixed", () => {
  assert.equal(hash32(""), mix(0x811c9dc5));
  assert.equal(hash32("a"), mix(0xe40c292c)); // published value of "a"
  assert.equal(mix(0), 0);
  assert.equal(mix(1), 0x514e28b7); // murmur3's finaliser of 1
});

Deno.test("a key table gives each key its first number, as a Map would", () => {
  const draw = random(1, "keys"), known = new Map<string, number>();
  const keys = Array.from({ length: 30_000 }, () => `key ${draw.integer(20_000)}`);
  const table = new KeyTable((number) => keys[number]);
  keys.forEach((key, number) => {
    if (!known.has(key)) known.set(key, number);
    assert.equal(table.first(key, number), known.get(key));
  });
});

Deno.test("a key table tells keys with one hash apart", () => {
  // 32 bits: among 200,000 keys some 5 pairs share a hash.
  const draw = random(2, "keys");
  const keys = Array.from({ length: 200_000 }, (_, i) => `${draw.next()} ${i}`);
  assert.ok(new Set(keys.map(hash32)).size < keys.length, "some keys have one hash");
  const table = new KeyTable((number) => keys[number]);
  assert.ok(keys.every((key, number) => table.first(key, number) === number));
  assert.ok(keys.every((key, number) => table.first(key, -1) === number));
});
