/** Writing, reading and refusing safetensors files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { random } from "../../src/base/random.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type StoredTensor,
  writeSafetensors,
} from "../../src/nn/safetensors.ts";

const tensor = (shape: number[], ...data: number[]): StoredTensor => ({
  shape,
  data: Float32Array.from(data),
});
const TENSORS = new Map([
  ["layer.weight", tensor([2, 3], 1, -2.5, 3e-30, 4, 0, 6e30)],
  ["0", tensor([], 7)],
  ["empty", tensor([0, 4])],
  ['é "quoted"', tensor([1], -0)],
]);

/** A file from a header (JSON text, or what to make it of) and its data. */
function file(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(body, 8 + json.length);
  return bytes;
}

const entry = (dtype: string, shape: unknown, begin: number, end: number): unknown => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const headerOf = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.subarray(8, 8 + new DataView(bytes.buffer).getUint32(0, true)));

function refused(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => decodeSafetensors(bytes, "some/x.safetensors"),
    (error: Error) => {
      assert.ok(error instanceof DataError, error.stack);
      assert.ok(error.message.startsWith("some/x.safetensors: "), error.message);
      assert.match(error.message, message);
      return true;
    },
  );
}

Deno.test("the bytes of a file, by hand", () => {
  const bytes = encodeSafetensors(new Map([["b", tensor([1], 1)], ["a", tensor([2], 0, -2)]]), {});
  const hash = sha256(
    '{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' +
      sha256(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0x80, 0x3f)),
  );
  assert.equal(
    headerOf(bytes).trimEnd(),
    `{"__metadata__":{"sha256":"${hash}"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},` +
      '"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}',
  );
  assert.equal(headerOf(bytes).length % 8, 0);
  assert.deepEqual([...bytes.slice(-12)], [0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0x80, 0x3f]);
});

Deno.test("tensors read back are the tensors written, in whatever order they were given", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "deep", "x.safetensors");
  const facts = { step: "12", note: "é\n" };
  await writeSafetensors(path, TENSORS, facts);
  const { tensors, metadata } = await readSafetensors(path);
  assert.deepEqual(new Map([...tensors].sort()), new Map([...TENSORS].sort()));
  assert.ok(Object.is(tensors.get('é "quoted"')!.data[0], -0));
  const { sha256: hash, ...rest } = metadata;
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.deepEqual(rest, facts);
  const reversed = encodeSafetensors(new Map([...TENSORS].reverse()), { note: "é\n", step: "12" });
  assert.deepEqual(reversed, await Deno.readFile(path));
  assert.deepEqual(encodeSafetensors(tensors, metadata), reversed);
  assert.deepEqual([...Deno.readDirSync(join(folder, "deep"))].length, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a view into a larger array is stored alone", () => {
  const view = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const bytes = encodeSafetensors(new Map([["v", { shape: [2], data: view }]]));
  const { data } = decodeSafetensors(bytes, "x").tensors.get("v")!;
  assert.deepEqual(data, Float32Array.of(2, 3));
  assert.equal(data.buffer.byteLength, 8);
});

Deno.test("F16, BF16 and F64 become float32", () => {
  const half = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001); // 1, −2, 65504, 2⁻²⁴
  const brain = Uint16Array.of(0x3f80, 0xc040, 0x0080); // 1, −3, 2⁻¹²⁶
  const data = new Uint8Array(30);
  data.set(new Uint8Array(half.buffer), 0);
  data.set(new Uint8Array(brain.buffer), 8);
  data.set(new Uint8Array(Float64Array.of(0.1, -1e-300).buffer), 14);
  const header = {
    f64: entry("F64", [2], 14, 30),
    bf16: entry("BF16", [3], 8, 14),
    f16: entry("F16", [2, 2], 0, 8),
  };
  const { tensors } = decodeSafetensors(file(header, data), "x");
  assert.deepEqual([...tensors.get("f16")!.data], [1, -2, 65504, 2 ** -24]);
  assert.deepEqual([...tensors.get("bf16")!.data], [1, -3, 2 ** -126]);
  assert.deepEqual([...tensors.get("f64")!.data], [Math.fround(0.1), -0]);
  assert.deepEqual(tensors.get("f16")!.shape, [2, 2]);
});

Deno.test("NaN and infinities are refused on both sides, unless reading is told otherwise", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    assert.throws(
      () => encodeSafetensors(new Map([["w", tensor([2], 1, bad)]]), {}, "ck.safetensors"),
      new DataError(`ck.safetensors: "w": value 1 is ${bad}, expected finite numbers`),
    );
  }
  const bytes = file({ w: entry("F64", [1], 0, 8) }, new Uint8Array(Float64Array.of(1e300).buffer));
  refused(bytes, /"w": value 0 is Infinity, expected finite/);
  const { tensors } = decodeSafetensors(bytes, "x", { finite: false });
  assert.equal(tensors.get("w")!.data[0], Infinity);
});

Deno.test("a caller's mistakes are refused before anything is written", () => {
  assert.throws(() => encodeSafetensors(new Map([["__metadata__", tensor([0])]])), RangeError);
  assert.throws(() => encodeSafetensors(new Map([["w", tensor([2], 1)]])), RangeError);
});

Deno.test("damaged files are refused, each with its reason", () => {
  const f32 = (...shape: unknown[]): unknown => entry("F32", shape, 0, 8);
  refused(new Uint8Array(5), /expected 8 bytes for the header's length, got 5/);
  refused(new Uint8Array(8).fill(255), /header of 18446744073709551615 bytes in a file of 8/);
  refused(file("{}").subarray(0, 9), /header of 2 bytes in a file of 9/);
  refused(file(""), /header is not JSON/);
  refused(file('{"a":'), /header is not JSON/);
  refused(file("\ufeff{}"), /header is not JSON/);
  refused(file('{"a\xff":1}').map((x) => x === 0xc3 ? 0xff : x), /header is not JSON/);
  refused(file("[]"), /expected a JSON object/);
  refused(file({ w: 3 }), /"w": expected \{dtype, shape, data_offsets\}/);
  refused(file({ w: f32(3) }, 8), /"w": F32 of shape \[3\] is 12 bytes, but .* hold 8/);
  refused(file({ w: f32(-2) }, 8), /"w": shape: expected whole numbers, got \[-2\]/);
  refused(file({ w: f32(0.5, 4) }, 8), /"w": shape: expected whole numbers/);
  refused(file({ w: entry("F32", 2, 0, 8) }, 8), /"w": shape: expected whole numbers, got 2/);
  refused(file({ w: entry("F33", [2], 0, 8) }, 8), /"w": unknown dtype "F33"/);
  refused(file({ w: { shape: [], data_offsets: [0, 4] } }, 4), /"w": unknown dtype undefined/);
  refused(file({ w: entry("I32", [2], 0, 8) }, 8), /"w": dtype I32, expected one of F32, F16/);
  refused(file({ w: entry("I64", [1], 0, 8) }, 8), /"w": dtype I64, expected one of/);
  refused(file({ w: entry("F32", [2], 8, 0) }, 8), /"w": data_offsets: expected \[begin, end\]/);
  refused(file({ w: f32(2) }, 7), /"w" ends at 8, but the data are 7 bytes/);
  refused(file({ w: f32(2) }, 9), /1 bytes after the last tensor/);
  refused(file({ w: entry("F32", [2], 4, 12) }, 12), /"w" leaves a hole before it/);
  const pair = (begin: number): unknown => ({ a: f32(2), b: entry("F32", [1], begin, begin + 4) });
  refused(file(pair(4), 8), /"b" overlaps the tensor before it: begins at 4, expected 8/);
  refused(file(pair(12), 16), /"b" leaves a hole before it: begins at 12, expected 8/);
  refused(file('{"w":1,"\\u0077":2}'), /header names "w" twice/);
  refused(file('{"__metadata__":{"a":"{","a":"\\""}}'), /header names "a" twice/);
  refused(file({ __metadata__: { a: 1 } }), /__metadata__: expected an object of strings/);
  refused(file({ __metadata__: { sha256: "0" } }), /does not have the sha256 that it states/);
});

Deno.test("a file that should state its sha256 and does not is refused", () => {
  const bytes = file({ w: entry("F32", [1], 0, 4) }, 4);
  decodeSafetensors(bytes, "x");
  assert.throws(() => decodeSafetensors(bytes, "x", { hashed: true }), {
    name: "DataError",
    message: /^x: states no sha256/,
  });
});

Deno.test("a missing file is refused by its path", async () => {
  await assert.rejects(readSafetensors("no/such.safetensors"), {
    name: "DataError",
    message: /^no\/such\.safetensors: cannot be read/,
  });
});

Deno.test("800 random damages of a file of ours: refused, or of no effect at all", () => {
  const whole = encodeSafetensors(TENSORS, { step: "12", note: "a long enough note" });
  const meant = decodeSafetensors(whole, "x");
  const stream = random(7, "damage");
  const refusals = { cut: 0, byte: 0, bit: 0, doubled: 0 };
  let harmless = 0;
  const kinds = Object.keys(refusals) as (keyof typeof refusals)[];
  for (let i = 0; i < 800; i++) {
    const kind = kinds[i % 4], at = stream.integer(whole.length);
    let bytes = whole.slice();
    if (kind === "cut") bytes = bytes.subarray(0, at);
    if (kind === "byte") bytes[at] = (bytes[at] + 1 + stream.integer(255)) % 256;
    if (kind === "bit") bytes[at] ^= 1 << stream.integer(8);
    if (kind === "doubled") {
      bytes = new Uint8Array([...whole.subarray(0, at), whole[at], ...whole.subarray(at)]);
    }
    try {
      // White space and the spelling of a header may change, what it says may not.
      assert.deepEqual(
        decodeSafetensors(bytes, "x", { hashed: true }),
        meant,
        `${kind} at ${at} went unseen`,
      );
      harmless++;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      refusals[kind]++;
    }
  }
  assert.equal(refusals.cut, 200);
  assert.ok(harmless < 10, `${harmless} harmless`);
});

Deno.test("600 random damages of a file without sha256: refused, or seen in what is read", () => {
  const data = new Uint8Array(Float32Array.from({ length: 60 }, (_, i) => i / 7 - 3).buffer);
  const whole = file({ a: entry("F32", [6, 8], 0, 192), b: entry("F32", [12], 192, 240) }, data);
  const start = whole.length - data.length, stream = random(8, "damage");
  let refusals = 0, payload = 0;
  for (let i = 0; i < 600; i++) {
    const at = stream.integer(whole.length), bytes = whole.slice();
    bytes[at] ^= 1 << stream.integer(8);
    try {
      const { tensors } = decodeSafetensors(bytes, "x");
      const read = new Uint8Array(240);
      for (const [i, { data }] of [...tensors.values()].entries()) {
        read.set(new Uint8Array(data.buffer), i * 192);
      }
      assert.deepEqual(read, bytes.subarray(start));
      if (at >= start) payload++;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      refusals++;
    }
  }
  assert.ok(refusals > 100 && payload > 200, `${refusals} refused, ${payload} in the payload`);
});
