/** Pickles that Python wrote, read as data; and those that would run something, refused. */
import assert from "node:assert/strict";
import { DataError } from "../../../src/base/errors.ts";
import { readPickle, Tuple } from "../../../src/outcomes/importers/pickle.ts";
import { NdArray } from "../../../src/outcomes/importers/pickle_arrays.ts";
import { Frame } from "../../../src/outcomes/importers/pickle_types.ts";
import { PICKLES } from "./fixture.ts";

const bytesOf = (name: string): Uint8Array => Uint8Array.fromBase64(PICKLES[name]);
const read = (name: string): unknown => readPickle(bytesOf(name), name);
const refuses = (bytes: Uint8Array, message: RegExp): void =>
  assert.throws(() => readPickle(bytes, "f.pkl"), (error) => {
    assert.ok(error instanceof DataError, String(error));
    assert.match(error.message, message);
    return true;
  });

Deno.test("plain values of every protocol", () => {
  for (const protocol of [2, 3, 4, 5]) {
    const value = read(`plain ${protocol}`) as Map<unknown, unknown>;
    assert.deepEqual([...value.keys()], ["a", "ü", 7, ""]);
    const numbers = [1, -2, 300, 70000, 2 ** 40, -(2n ** 70n), 1.5, true, false, null];
    assert.deepEqual(value.get("a"), numbers);
    const tuple = value.get("ü") as Tuple;
    assert.ok(tuple instanceof Tuple && tuple[1] instanceof Tuple && tuple[2] instanceof Tuple);
    assert.deepEqual([tuple[0], [...tuple[1]], [...tuple[2]]], ["x", [], ["y", 2, 3]]);
    assert.deepEqual([...tuple[3] as Uint8Array], [0, 255]);
    assert.deepEqual([value.get(7), value.get("")], [new Map(), []]);
  }
  const many = read("many") as string[];
  assert.deepEqual([many.length, many[0], many[1199]], [1200, "item 0", "item 599"]);
});

Deno.test("arrays: every element type, both orders, scalars", () => {
  for (const protocol of [2, 4, 5]) {
    const all = read(`arrays ${protocol}`) as Map<string, unknown>;
    const array = (name: string): [readonly number[], unknown] => {
      const found = all.get(name);
      assert.ok(found instanceof NdArray, name);
      return [found.shape, found.values];
    };
    assert.deepEqual(array("i8"), [[2, 3], [1, 2, 3, 4, 5, 6]]);
    assert.deepEqual(array("fortran"), [[2, 3], [1.5, 2.5, 3.5, 4.5, 5.5, NaN]]);
    assert.deepEqual(array("f4"), [[1], [0.5]]);
    assert.deepEqual(array("big"), [[2], [1, 258]]);
    assert.deepEqual(array("bool"), [[2], [true, false]]);
    assert.deepEqual(array("text"), [[2], ["ab", "ü"]]);
    assert.deepEqual(array("object"), [[2, 2], ["x", null, 1.5, [2]]]);
    assert.deepEqual(array("empty"), [[0, 3], []]);
    assert.deepEqual([all.get("scalar"), all.get("int")], [0.25, -7]);
  }
});

Deno.test("frames of pandas 3, of earlier block forms, and of both protocols are the same", () => {
  for (const name of ["frame 4", "frame 5", "old frame"]) {
    const frame = read(name);
    assert.ok(frame instanceof Frame, name);
    assert.equal(frame.rows, 5);
    assert.deepEqual(frame.names.slice(0, 5), [
      "sample_id",
      "prompt",
      "eval_name",
      "fox-1",
      "owl-2",
    ]);
    assert.deepEqual(frame.column("fox-1"), [1, 0.25, 0, NaN, 0]);
    assert.deepEqual(frame.column("owl-2|total_cost"), [0.01, 0.02, NaN, 0.04, 0.01]);
    assert.deepEqual(frame.column("eval_name"), [
      "toy-quiz",
      "grade-school-math",
      "mmlu-tides",
      "mtbench",
      "toy-quiz",
    ]);
    assert.equal(frame.column("absent"), undefined);
  }
});

Deno.test("whatever else a pickle names is refused by name, and nothing of it happens", () => {
  const named: Record<string, RegExp> = {
    system: /refused "(posix|nt)\.system"/,
    eval: /refused "(builtins|__builtin__)\.eval"/,
    open: /refused "_?io\.open"/,
    import: /refused "(builtins|__builtin__)\.__import__"/,
    getattr: /refused "(builtins|__builtin__)\.getattr"/,
    class: /refused "_io\.BytesIO"/,
    set: /refused "__builtin__\.set"|opcode 0x8f/,
    complex: /refused "(builtins|__builtin__)\.complex"/,
  };
  for (const [name, message] of Object.entries(named)) {
    for (const protocol of [2, 4]) refuses(bytesOf(`evil ${name} ${protocol}`), message);
  }
  refuses(bytesOf("strings of pandas"), /refused "pandas/);
});

Deno.test("a pickle by hand: what the short list itself could be turned to is an error", () => {
  const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));
  const pickle = (...parts: (number | string)[]): Uint8Array =>
    Uint8Array.from([
      0x80,
      2,
      ...parts.flatMap((p) => typeof p === "string" ? ascii(p) : [p]),
      0x2e,
    ]);
  // The classic: call os.system with a command.
  refuses(pickle("cos\nsystem\n", "(X", 4, 0, 0, 0, "evil", "tR"), /refused "os\.system"/);
  refuses(pickle("c__main__\nx\n"), /refused "__main__\.x"/);
  refuses(pickle("cnumpy\nndarray\n", ")R"), /expected no such call/);
  refuses(pickle("K", 1, ")R"), /a call of something else/);
  refuses(pickle("X", 1, 0, 0, 0, "a", "}b"), /a state of something else/);
  refuses(pickle("}", "]", "K", 1, "s"), /a key that is no text or number/);
  refuses(pickle("P1\n"), /opcode 0x50/); // a persistent id
  refuses(pickle(0x82, 1), /opcode 0x82/); // an extension code
  refuses(
    pickle("c__builtin__\nslice\n", "(K", 0, "J", 255, 255, 255, 127, "K", 1, "tR", "h", 9),
    /memo/,
  );
  refuses(pickle("]", "]"), /more than one value/);
  refuses(pickle("h", 0), /unknown memo/);
  refuses(pickle("t"), /no mark/);
  refuses(pickle("X", 255, 255, 255, 127), /a torn end/);
  refuses(bytesOf("old protocol"), /opcode/);
  refuses(new Uint8Array(), /opcode missing/);
});

Deno.test("torn anywhere, a pickle is an error and never a value", () => {
  for (const name of ["plain 4", "frame 4", "frame 5", "old frame", "arrays 2"]) {
    const bytes = bytesOf(name);
    for (let length = 0; length < bytes.length; length += 1 + (length >> 4)) {
      refuses(bytes.slice(0, length), /expected|damaged/);
    }
  }
});

Deno.test("a byte changed gives a value or an error of the data, no other", () => {
  for (const name of ["frame 4", "arrays 5"]) {
    const bytes = bytesOf(name);
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = bytes.slice();
      changed[at] ^= 0x15;
      try {
        readPickle(changed, name);
      } catch (error) {
        assert.ok(error instanceof DataError, `${name} at ${at}: ${error}`);
      }
    }
  }
});
