/** GGUF: numbers of every type by hand, headers, and what is refused, with the byte. */
import assert from "node:assert/strict";
import { readGguf } from "../../src/lm/gguf.ts";
import { memorySource } from "../../src/lm/source.ts";
import { encodeGguf, type RawTensor } from "./write_gguf.ts";

const half = (x: number): number[] => [...new Uint8Array(Float16Array.of(x).buffer)];
const NIBBLES = Array.from({ length: 16 }, (_, i) => i | (15 - i) << 4);
const LOW = Array.from({ length: 16 }, (_, i) => i), HIGH = LOW.map((q) => 15 - q);
const tensor = (type: number, bytes: number[], shape = [1, 32]): RawTensor => ({
  ...{ name: "t", shape, type, bytes: Uint8Array.from(bytes) },
});
const open = (bytes: Uint8Array) => readGguf(memorySource(bytes, "m.gguf"));

Deno.test("blocks: a scale, a minimum, low halves first", async () => {
  const f32 = [...new Uint8Array(Float32Array.of(1.5, -2).buffer)];
  const cases: [RawTensor, number[]][] = [
    [tensor(0, f32, [1, 2]), [1.5, -2]],
    [tensor(1, [...half(0.25), ...half(-3)], [2]), [0.25, -3]],
    [tensor(2, [...half(0.5), ...NIBBLES]), [...LOW, ...HIGH].map((q) => 0.5 * (q - 8))],
    [
      tensor(3, [...half(0.5), ...half(-1), ...NIBBLES]),
      [...LOW, ...HIGH].map((q) => 0.5 * q - 1),
    ],
    [
      tensor(8, [...half(2), ...Array.from({ length: 32 }, (_, i) => (i * 8 - 128) & 255)]),
      Array.from({ length: 32 }, (_, i) => 2 * (i * 8 - 128)),
    ],
  ];
  for (const [given, expected] of cases) {
    const { data, shape } = await (await open(encodeGguf({}, [given]))).read("t");
    assert.deepEqual([...data], expected);
    assert.deepEqual(shape, given.shape);
  }
});

Deno.test("Q4_1 is rounded to float32 after the product and after the sum", async () => {
  const d = Float16Array.of(0.1)[0], m = Float16Array.of(-0.7)[0];
  const file = encodeGguf({}, [tensor(3, [...half(d), ...half(m), ...NIBBLES])]);
  const { data } = await (await open(file)).read("t");
  assert.deepEqual(
    [...data],
    [...LOW, ...HIGH].map((q) => Math.fround(Math.fround(d * q) + m)),
  );
});

Deno.test("facts of a file, and a header longer than what is read at first", async () => {
  const facts = { a: "text", b: 7, c: true, d: 0.5, e: ["x", "y"], f: [1, 2] };
  const one = tensor(0, [0, 0, 0, 0], [1]);
  assert.deepEqual(Object.fromEntries((await open(encodeGguf(facts, [one], 2))).facts), facts);
  const long = encodeGguf({ a: "x".repeat(1000) }, [one]);
  let reads = 0;
  const source = {
    ...memorySource(long, "m.gguf"),
    read: (start: number, length: number) => {
      // As a file of which a tenth is read at first.
      return Promise.resolve(long.slice(start, start + (reads++ === 0 ? 100 : length)));
    },
  };
  assert.deepEqual((await readGguf(source)).names, ["t"]);
  assert.ok(reads > 1);
});

Deno.test("what is damaged, cut short or foreign is refused with its byte", async () => {
  const good = encodeGguf({ "general.name": "m" }, [tensor(0, new Array(128).fill(0))]);
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  const cases: [string, RegExp, Uint8Array][] = [
    [
      "DataError",
      /m\.gguf: at byte 0: expected "GGUF", got "PK\\u0003\\u0004"/,
      changed(0, 80, 75, 3, 4),
    ],
    ["CapabilityError", /m\.gguf: GGUF version 1; supported: 2, 3/, changed(4, 1)],
    ["DataError", /ends at byte 20, expected 24 in the header: cut short/, good.slice(0, 20)],
    ["DataError", /ends at byte \d+, expected \d+ for "t": cut short/, good.slice(0, -1)],
    ["DataError", /at byte 24: length of a text: \d+ is more than a file can hold/, changed(30, 1)],
    ["DataError", /at byte 44: type 99 of a fact, expected 0 to 12/, changed(44, 99)],
    ["DataError", /at byte 98: "": expected 1 to 4 dimensions, got 0/, changed(8, 9)],
    [
      "CapabilityError",
      /"t" is of ggml type 12; supported: F32, F16, Q4_0, Q4_1, Q8_0/,
      encodeGguf({}, [tensor(12, new Array(128).fill(0))]),
    ],
    [
      "DataError",
      /"t": rows of 33, expected a multiple of 32/,
      encodeGguf({}, [tensor(8, new Array(34).fill(0), [1, 33])]),
    ],
    [
      "DataError",
      /tensor "t" stands there twice/,
      encodeGguf({}, [tensor(0, [0, 0, 0, 0], [1]), tensor(0, [0, 0, 0, 0], [1])]),
    ],
  ];
  for (const [name, message, bytes] of cases) {
    await assert.rejects(open(bytes), { name, message });
  }
});

Deno.test("a tensor with NaN is refused when it is read, with its byte", async () => {
  const file = await open(encodeGguf({}, [tensor(8, [...half(NaN), ...new Array(32).fill(1)])]));
  await assert.rejects(file.read("t"), {
    name: "DataError",
    message: /m\.gguf: at byte \d+: "t": value 0 is NaN/,
  });
  await assert.rejects(file.read("u"), { message: /m\.gguf: has no tensor "u"/ });
});
