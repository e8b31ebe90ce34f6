/** The command-line reader: typed values, and an error for everything it does not understand. */
import assert from "node:assert/strict";
import { exitCodeOf, HelpRequest, helpText, parseFlags } from "../../src/cli/args.ts";
import { DataError, UsageError } from "../../src/base/errors.ts";

const COMMAND = {
  name: "deno task cook",
  summary: "Cooks dishes.",
  args: { usage: "<dish>...", min: 1, max: 2 },
  flags: {
    seeds: { type: "number", default: 5, integer: true, min: 1, help: "repetitions" },
    heat: { type: "number", help: "how hot" },
    outFile: { type: "string", value: "file", help: "where to" },
    mode: { type: "string", default: "slow", choices: ["slow", "fast"], help: "pace" },
    only: { type: "list", help: "parts" },
    force: { type: "boolean", help: "overwrite" },
  },
  examples: ["deno task cook soup --seeds 3"],
} as const;

const parse = (...argv: string[]) => parseFlags(argv, COMMAND);

Deno.test("defaults, and undefined without one", () => {
  const { flags, args } = parse("soup");
  assert.deepEqual(args, ["soup"]);
  assert.deepEqual(flags, {
    seeds: 5,
    heat: undefined,
    outFile: undefined,
    mode: "slow",
    only: [],
    force: false,
  });
  const typed: number = flags.seeds; // a type error here is a failing test
  assert.equal(typed, 5);
});

Deno.test("values in both spellings, lists by comma and repeat, flags around arguments", () => {
  const { flags, args } = parse("--force", "soup", "--seeds=3", "--", "7");
  assert.deepEqual([flags.force, flags.seeds, args], [true, 3, ["soup", "7"]]);
  const more = parse("1", "--heat=-1.5e0", "--out-file", "a b", "--only=x, y", "--only", "z");
  assert.deepEqual(more.args, ["1"]);
  assert.equal(more.flags.heat, -1.5);
  assert.equal(more.flags.outFile, "a b");
  assert.deepEqual(more.flags.only, ["x", "y", "z"]);
});

Deno.test("every misuse is a UsageError that says what is wrong", () => {
  const wrong: [string[], RegExp][] = [
    [["soup", "--sedes", "3"], /unknown flag --sedes.*seeds/],
    [["soup", "--seeds=3", "-x"], /unknown flag -x/],
    [["soup", "--__proto__=1"], /unknown flag --__proto__/],
    [["soup", "--seeds", "3", "--seeds", "4"], /--seeds is given twice: 3, 4/],
    [["soup", "--seeds", "2.5"], /--seeds: "2.5" is not a whole number of at least 1/],
    [["soup", "--seeds", "0"], /--seeds: "0" is not a whole number/],
    [["soup", "--heat", "warm"], /--heat: "warm" is not a number/],
    [["soup", "--heat", "Infinity"], /--heat: "Infinity" is not a number/],
    [["soup", "--heat", " "], /--heat: " " is not a number/],
    [["soup", "--out-file"], /--out-file needs a value/],
    [["soup", "--out-file", "--force"], /--out-file needs a value/],
    [["soup", "--out-file="], /--out-file needs a value/],
    [["soup", "--mode", "fsat"], /--mode: "fsat" is not one of slow, fast.*fast/],
    [["soup", "--only", "a,,b"], /--only: empty entry/],
    [["soup", "--force=no"], /--force takes no value, got "no"/],
    [[], /missing argument: <dish>\.\.\./],
    [["a", "b", "c"], /unexpected argument "c"/],
  ];
  for (const [argv, message] of wrong) {
    assert.throws(() => parse(...argv), (error) => {
      assert.ok(error instanceof UsageError, `${argv}: ${error}`);
      assert.match(error.message, message);
      assert.match(error.message, /see deno task cook --help/);
      return true;
    });
  }
  assert.equal(parse("soup", "--force=false").flags.force, false);
});

Deno.test("--help wins over every other mistake and lists flags, defaults, examples, exit codes", () => {
  for (const argv of [["--help"], ["-h"], ["--help", "--nonsense"], ["--seeds", "x", "-h"]]) {
    assert.throws(() => parse(...argv), HelpRequest);
  }
  const text = helpText(COMMAND);
  assert.match(text, /^deno task cook <dish>\.\.\. \[flags\]$/m);
  assert.match(text, /^ {2}--seeds <number> {3}repetitions \(default 5\)$/m);
  assert.match(text, /^ {2}--out-file <file> {2}where to$/m);
  assert.match(text, /^ {2}--mode .*pace \(one of slow, fast; default slow\)$/m);
  assert.match(text, /^ {2}deno task cook soup --seeds 3$/m);
  assert.match(text, /0 ok, 1 bug, 2 usage, 3 data, 4 capability, 5 verification/);
});

Deno.test("errors become one line and their exit code; only a bug shows its stack", async () => {
  const printed: unknown[][] = [];
  const { error: realError, log: realLog } = console;
  console.error = (...values: unknown[]) => void printed.push(values);
  console.log = (...values: unknown[]) => void printed.push(values);
  try {
    const codes = [
      await exitCodeOf(() => {}),
      await exitCodeOf(() => Promise.reject(new DataError("a.json: torn"))),
      await exitCodeOf(() => parse("--nothing")),
      await exitCodeOf(() => parse("--help")),
      await exitCodeOf(() => {
        throw new TypeError("a bug");
      }),
    ];
    assert.deepEqual(codes, [0, 3, 2, 0, 1]);
  } finally {
    console.error = realError;
    console.log = realLog;
  }
  assert.deepEqual(printed[0], ["error: a.json: torn"]);
  assert.match(String(printed[1][0]), /^error: unknown flag --nothing/);
  assert.match(String(printed[2][0]), /^deno task cook/);
  assert.ok(printed[3][0] instanceof TypeError);
});
