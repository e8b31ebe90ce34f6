/** The tokenizer learnt from the training queries. */
import assert from "node:assert/strict";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { Bpe, type Pair, trainBpe } from "../../src/icl/bpe.ts";

const times = (n: number, text: string): string[] => Array(n).fill(text);
const CLASSIC = [
  ...times(5, "low"),
  ...times(2, "lower"),
  ...times(6, "newest"),
  ...times(3, "widest"),
];

/** What each merge makes, spelt out. */
const made = (bpe: Bpe): string[] =>
  Array.from({ length: bpe.size - 258 }, (_, i) => bpe.decode([258 + i]));

/** Texts of many kinds: words that repeat, scripts, emoji, control characters, lone surrogates. */
function texts(n: number, seed: number): string[] {
  const parts = [
    "the ",
    "cat",
    " Über",
    "ñandú ",
    "数学",
    "で",
    "🙂",
    "👩‍👩‍👧",
    "\u0000",
    "\r\n",
    "\t  ",
    "  ",
    "12",
    "٣",
    "3.14",
    "''",
    "\ufeff",
    "\u2028",
    "\ud83d",
    "\udc00",
    "e\u0301",
    " -- ",
    "\x7f",
    "{}",
  ];
  const stream = random(seed, "texts");
  const some = (): string =>
    stream.integer(8) > 0
      ? parts[stream.integer(parts.length)]
      : String.fromCharCode(stream.integer(0x10000));
  return Array.from({ length: n }, () => Array.from({ length: stream.integer(40) }, some).join(""));
}

Deno.test("merges of a small example, by hand", () => {
  // es and st are both seen 9 times, lo and ow 7 times, ne and ew 6 times, de, id and wi 3 times.
  const bpe = trainBpe(CLASSIC, 1000);
  assert.deepEqual(made(bpe), [
    ...[
      "es",
      "est",
      "lo",
      "low",
      "ew",
      "ewest",
      "newest",
      "dest",
      "idest",
      "widest",
      "er",
      "lower",
    ],
  ]);
  assert.equal(bpe.size, 270);
  assert.deepEqual([...bpe.encode("lowest")], [261, 259]);
  assert.deepEqual([...bpe.encode("Low widest")], [76, 111, 119, 32, 267]);
  assert.deepEqual(made(trainBpe(CLASSIC, 260)), ["es", "est"]);
});

Deno.test("a run of one letter is merged from the left", () => {
  const bpe = trainBpe(["aaaaa", "aaaaa"], 260); // aa is seen 8 times; then aa·aa and aa·a, twice each
  assert.deepEqual(made(bpe), ["aa", "aaa"]);
  assert.deepEqual([...bpe.encode("aaaaa")], [258, 259]);
});

Deno.test("words keep the space before them; digits and signs stand alone", () => {
  const bpe = trainBpe(times(2, "an ox, an ox!! 12 12,\n\n  an"), 1000);
  const split = (text: string): string[] => [...bpe.encode(text)].map((id) => bpe.decode([id]));
  assert.deepEqual(split("an ox!! 12,\n\n an"), ["an", " ox", "!!", " 12", ",", "\n\n", " an"]);
});

Deno.test("the order of texts changes nothing, nor does splitting them into more", () => {
  const some = [...texts(300, 1), ...CLASSIC], merges = JSON.stringify(trainBpe(some, 700));
  assert.ok(JSON.parse(merges).merges.length > 300);
  assert.equal(JSON.stringify(trainBpe(some.toReversed(), 700)), merges);
  assert.equal(JSON.stringify(trainBpe(random(3).shuffle([...some]), 700)), merges);
});

Deno.test("decoding gives back any text, lone surrogates as U+FFFD", () => {
  const bpe = trainBpe(texts(200, 2), 900);
  const unlike = texts(500, 4);
  for (
    const text of [...unlike, "", " ", "\ufeff", "\ud800", "a\udfffb", "\u0000", "x".repeat(1000)]
  ) {
    const ids = bpe.encode(text);
    assert.equal(bpe.decode(ids), text.toWellFormed());
    assert.ok(ids.every((id) => id < bpe.size && id !== bpe.end && id !== bpe.pad));
  }
  for (const byUnit of unlike) {
    assert.deepEqual(bpe.encode(byUnit), bpe.encode(byUnit.toWellFormed()));
  }
  const lengths = unlike.map((
    text,
  ) => [bpe.encode(text).length, new TextEncoder().encode(text).length]);
  const [ids, bytes] = lengths.reduce(([a, b], [c, d]) => [a + c, b + d]);
  assert.ok(ids < 0.8 * bytes, `${ids} ids for ${bytes} bytes`);
});

Deno.test("encoding a word is applying every merge in the order learnt", () => {
  const bpe = trainBpe(texts(200, 5), 800), { merges } = bpe.toJSON();
  const slowly = (word: string): number[] => {
    let ids = [...new TextEncoder().encode(word)];
    merges.forEach(([left, right], m) => {
      const next: number[] = [];
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === left && ids[i + 1] === right) next.push(258 + m), i++;
        else next.push(ids[i]);
      }
      ids = next;
    });
    return ids;
  };
  for (
    const word of [
      "cat",
      " Über",
      "ñandúcatcatñandú",
      "数学で数学",
      "🙂🙂🙂👩‍👩‍👧",
      "\r\n\r\n\r\n",
      " thethe",
    ]
  ) {
    assert.deepEqual([...bpe.encode(word)], slowly(word), word);
  }
});

Deno.test("every merge is the pair seen most often at that moment, of equals the first by bytes", () => {
  // Words of letters only, so that a text is a word and sorting letters is sorting bytes.
  const stream = random(6);
  const word = (): string =>
    Array.from({ length: 1 + stream.integer(12) }, () => "abc"[stream.integer(3)]).join("");
  const words = Array.from({ length: 60 }, word);
  const { merges } = trainBpe(words, 400).toJSON();
  assert.ok(merges.length > 25 && merges.length < 142, `${merges.length} merges`);
  for (let m = 0; m <= merges.length; m++) {
    const before = new Bpe(merges.slice(0, m));
    const counts = new Map<string, number>();
    for (const word of words) {
      const parts = [...before.encode(word)].map((id) => before.decode([id]));
      for (let i = 1; i < parts.length; i++) {
        const pair = `${parts[i - 1]} ${parts[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const most = Math.max(...counts.values());
    const [first] = [...counts.keys()].filter((pair) => counts.get(pair) === most).sort();
    if (m === merges.length) assert.equal(most, 1);
    else assert.equal(merges[m].map((id) => before.decode([id])).join(" "), first, `merge ${m}`);
  }
});

Deno.test("the first ids of a text are a prefix of all, and cost no more than they need", () => {
  const bpe = trainBpe(texts(200, 7), 600);
  for (const text of texts(50, 8)) {
    const all = bpe.encode(text);
    for (const most of [0, 1, 2, 5, 17]) {
      assert.deepEqual(bpe.encode(text, most), all.slice(0, most));
    }
  }
  const long = texts(20_000, 11).join(""), start = performance.now();
  assert.equal(bpe.encode(long, 64).length, 64);
  const middle = performance.now();
  assert.ok(bpe.encode(long).length > 100_000);
  assert.ok(middle - start < (performance.now() - middle) / 4, "64 ids cost as much as all");
});

Deno.test("end and padding write nothing; a cut character shows; foreign ids are refused", () => {
  const bpe = trainBpe([], 1000);
  assert.equal(bpe.size, 258);
  assert.equal(bpe.decode([bpe.pad, 72, 105, bpe.end, bpe.pad]), "Hi");
  assert.equal(bpe.decode(bpe.encode("é", 1)), "\ufffd");
  for (const id of [258, -1, 0.5, NaN]) assert.throws(() => bpe.decode([id]), RangeError);
});

Deno.test("a tokenizer read back from JSON is the same", () => {
  const bpe = trainBpe(texts(100, 9), 500);
  const again = Bpe.fromJSON(JSON.parse(JSON.stringify(bpe)), "x");
  assert.equal(again.size, bpe.size);
  for (const text of texts(50, 10)) assert.deepEqual(again.encode(text), bpe.encode(text));
});

Deno.test("damaged JSON is refused by name", () => {
  const refused = (merges: unknown, message: RegExp, format = "icl-router-bench/bpe/1"): void =>
    assert.throws(
      () => Bpe.fromJSON({ format, merges }, "a.json"),
      (error: Error) => {
        assert.ok(error instanceof DataError, error.stack);
        assert.match(error.message, message);
        return error.message.startsWith("a.json: ");
      },
    );
  refused([], /expected \{format/, "bpe/2");
  for (const merges of [3, [[1]], [[1, 2, 3]], [[1, "2"]], [[1, 0.5]], ["ab"]]) {
    refused(merges, /expected \{format/);
  }
  refused([[1, 2], [258, 259]], /merge 1: \[258, 259\]: expected a new pair of known ids/);
  for (const pair of [[-1, 2], [1, 256], [257, 1]]) refused([pair], /merge 0/);
  refused([[1, 2], [1, 2]], /merge 1/);
  assert.throws(() => Bpe.fromJSON(null, "a.json"), DataError);
  assert.throws(() => new Bpe([[1, 2], [258, 300]] as Pair[]), RangeError);
});

Deno.test("a vocabulary out of range is refused", () => {
  for (const size of [257, 65537, 300.5, NaN]) assert.throws(() => trainBpe([], size), UsageError);
});
