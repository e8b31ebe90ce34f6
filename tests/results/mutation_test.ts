/**
 * A thousand damaged copies of a small real result, from a seed. Each must be refused with an error that
 * names the file, or be shown to hold exactly the same content.
 *
 * Damage here is accident or clumsy editing; `forgery_test.ts` has those who repair the hashes.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { DataError, VerificationError } from "../../src/base/errors.ts";
import { pack, unpack } from "../../src/base/files.ts";
import { type Random, random } from "../../src/base/random.ts";
import { decisionsHash } from "../../src/run/job_store.ts";
import { packSplits, unpackSplits } from "../../src/splits/pack.ts";
import { decodeDecisions, encodeDecisions } from "../../src/results/decision_file.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { openResult } from "../../src/results/open.ts";
import { realRun, withFolder } from "./fixture.ts";
import { loose } from "./forge.ts";

const COPIES = 1000, QUERIES = 150;

type File = "json" | "decisions" | "splits";
type Bytes = Uint8Array;

/** One kind of damage. `caught`: no copy of it may pass as harmless. */
interface Mutation {
  readonly file: File;
  readonly caught?: boolean;
  readonly apply: (draw: Random, original: Bytes) => Bytes;
}

const encode = (text: string): Bytes => new TextEncoder().encode(text);
const decode = (bytes: Bytes): string => new TextDecoder().decode(bytes);
const pick = <T>(draw: Random, items: readonly T[]): T => items[draw.integer(items.length)];
const everyFile: readonly File[] = ["json", "decisions", "splits"];

function flipBit(draw: Random, source: Bytes): Bytes {
  const copy = source.slice();
  copy[draw.integer(copy.length)] ^= 1 << draw.integer(8);
  return copy;
}

/** Some bytes in a row, once too few or once too often. */
function resize(draw: Random, source: Bytes, twice: boolean): Bytes {
  const at = draw.integer(source.length), end = Math.min(source.length, at + 1 + draw.integer(20));
  return twice
    ? Buffer.concat([source.subarray(0, end), source.subarray(at)])
    : Buffer.concat([source.subarray(0, at), source.subarray(end)]);
}

/** Another text in place of a number somewhere after a mark. */
function withNumber(
  draw: Random,
  source: Bytes,
  after: string,
  other: (old: string) => string,
): Bytes {
  const text = decode(source);
  const start = text.indexOf(after);
  const numbers = [...text.slice(start).matchAll(/(?<=[:\[,]\s*)-?\d[\d.e-]*(?=\s*[,\]}])/g)];
  const { index, 0: old } = pick(draw, numbers);
  const at = start + index;
  return encode(text.slice(0, at) + other(old) + text.slice(at + old.length));
}

/** Decisions with one choice of one router exchanged for another's, written again. */
function swapped(draw: Random, source: Bytes, correct: boolean): Bytes {
  const entries = decodeDecisions(source, "original", encodedHash(source));
  const at = pick(draw, [...entries.keys()].filter((i) => entries[i].choice.length > 0));
  const choice = entries[at].choice.slice();
  const others = [...choice.keys()].filter((i) => choice[i] !== choice[0]);
  if (others.length > 0) {
    const other = pick(draw, others);
    [choice[0], choice[other]] = [choice[other], choice[0]];
  } else choice[0] = (choice[0] + 1) % entries[at].models.length; // a single model everywhere
  const changed = { ...entries[at], choice };
  const decisionsSha256 = correct
    ? decisionsHash({ status: "decided", ...changed })
    : changed.decisionsSha256;
  return encodeDecisions(entries.with(at, { ...changed, decisionsSha256 })).bytes;
}

function encodedHash(source: Bytes): string {
  let hash = "";
  try {
    decodeDecisions(source, "", "");
  } catch (error) {
    hash = /content has sha256 ([0-9a-f]{64})/.exec((error as Error).message)![1];
  }
  return hash;
}

/** Split roles edited and packed again. */
function otherRoles(draw: Random, source: Bytes): Bytes {
  const splits = unpackSplits(JSON.parse(decode(source)), "original");
  const at = draw.integer(splits.length), row = draw.integer(splits[at].roles.length);
  const { roles } = splits[at];
  const role = pick(draw, [..."tved"].filter((r) => r !== roles[row]));
  const edited = { ...splits[at], roles: roles.slice(0, row) + role + roles.slice(row + 1) };
  return encode(JSON.stringify(packSplits(splits.with(at, edited))));
}

/** Any value of a JSON tree replaced by one of another type. */
function otherType(draw: Random, source: Bytes): Bytes {
  const tree = JSON.parse(decode(source));
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const walk = (holder: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(holder)) {
      places.push([holder, key]);
      if (value !== null && typeof value === "object") walk(value as Record<string, unknown>);
    }
  };
  walk(tree);
  const [holder, key] = pick(draw, places);
  const old = holder[key];
  const others = [null, true, "x", 7, [], {}].filter((v) =>
    typeof v !== typeof old || (v === null) !== (old === null) ||
    Array.isArray(v) !== Array.isArray(old)
  );
  holder[key] = pick(draw, others);
  return encode(JSON.stringify(tree));
}

const digit = (draw: Random) => (old: string): string => {
  const at = pick(draw, [...old].flatMap((c, i) => /\d/.test(c) ? [i] : []));
  const other = pick(draw, [..."123456789"].filter((d) => d !== old[at]));
  return old.slice(0, at) + other + old.slice(at + 1);
};

const MUTATIONS: Record<string, Mutation> = Object.fromEntries([
  ...everyFile.flatMap((file): [string, Mutation][] => [
    [`${file}: one bit flipped`, { file, apply: flipBit }],
    [`${file}: bytes lost`, { file, apply: (draw, bytes) => resize(draw, bytes, false) }],
    [`${file}: bytes twice`, { file, apply: (draw, bytes) => resize(draw, bytes, true) }],
    [`${file}: cut off`, { file, apply: (draw, b) => b.slice(0, draw.integer(b.length)) }],
  ]),
  ["json: a digit of a metric", {
    file: "json",
    caught: true,
    apply: (draw, bytes) => withNumber(draw, bytes, '"evaluation"', digit(draw)),
  }],
  ["json: a digit elsewhere", {
    file: "json",
    caught: true,
    apply: (draw, bytes) => withNumber(draw, bytes, '"dataset"', digit(draw)),
  }],
  ["json: no number", {
    file: "json",
    caught: true,
    apply: (draw, bytes) =>
      withNumber(
        draw,
        bytes,
        '"evaluation"',
        () =>
          pick(draw, ["null", "NaN", "Infinity", "-Infinity", "1e999", '"1"', "true", "[]", ""]),
      ),
  }],
  ["json: another type", { file: "json", caught: true, apply: otherType }],
  ["splits: another type", { file: "splits", caught: true, apply: otherType }],
  ["splits: another role", { file: "splits", caught: true, apply: otherRoles }],
  ["splits: turned about", {
    file: "splits",
    caught: true,
    apply: (draw, bytes) => {
      const splits = JSON.parse(decode(bytes));
      const [a, b] = draw.shuffle([...splits.keys()]);
      [splits[a], splits[b]] = [splits[b], splits[a]];
      return encode(JSON.stringify(splits));
    },
  }],
  ["splits: one left out", {
    file: "splits",
    caught: true,
    apply: (draw, bytes) =>
      encode(JSON.stringify(JSON.parse(decode(bytes)).toSpliced(draw.integer(5), 1))),
  }],
  ["decisions: choices swapped", {
    file: "decisions",
    caught: true,
    apply: (draw, bytes) => swapped(draw, bytes, false),
  }],
  ["decisions: choices swapped, own hash mended", {
    file: "decisions",
    caught: true,
    apply: (draw, bytes) => swapped(draw, bytes, true),
  }],
  ["decisions: unpacked bit flipped", {
    file: "decisions",
    caught: true,
    apply: (draw, bytes) => pack(flipBit(draw, unpack(bytes, "original"))),
  }],
  ["decisions: a byte after the end", {
    file: "decisions",
    apply: (_, bytes) => Buffer.concat([pack(unpack(bytes, "original")), new Uint8Array(1)]),
  }],
  ["json: other white space", {
    file: "json",
    apply: (draw, bytes) =>
      encode(JSON.stringify(JSON.parse(decode(bytes)), null, draw.integer(9))),
  }],
]);

/** By whom a copy was caught; the first that fits. */
const GUARDS: readonly [name: string, message: RegExp][] = [
  ["JSON syntax", /not valid JSON/],
  ["gzip checksum", /damaged gzip data/],
  ["closing hash", /\/sha256 does not match the content/],
  ["decisions' hash", /its content has sha256/],
  ["splits' hash", /is not the result's$|splits, the result has others$/],
  ["form of splits", /\.splits\.json: (expected an array|split \d+: )/],
  ["form", / must /],
];

Deno.test(`${COPIES} damaged copies of a result are refused or hold the same`, () =>
  withFolder(async (folder) => {
    const { path, data } = await realRun(folder, QUERIES);
    const stem = path.replace(/\.json$/, "");
    const paths: Record<File, string> = {
      json: path,
      decisions: `${stem}.decisions.gz`,
      splits: `${stem}.splits.json`,
    };
    const originals = Object.fromEntries(
      everyFile.map((file) => [file, Deno.readFileSync(paths[file])]),
    ) as Record<File, Bytes>;
    assert.equal((await verifyResult(path, { data })).depth, "full");

    const counts = new Map<string, Map<string, number>>();
    const names = Object.keys(MUTATIONS);
    for (let i = 0; i < COPIES; i++) {
      const name = names[i % names.length];
      const { file, caught, apply } = MUTATIONS[name];
      const copy = apply(random(2026, name, i), originals[file]);
      await Deno.writeFile(paths[file], copy);
      const verdict = await judge(path, `${name} ${i}`);
      if (verdict === "harmless") {
        assert.ok(!caught, `${name} ${i} passed`);
        assert.ok(sameContent(file, copy, originals[file]), `${name} ${i}: other content passed`);
      }
      const row = counts.get(name) ?? counts.set(name, new Map()).get(name)!;
      row.set(verdict, (row.get(verdict) ?? 0) + 1);
      await Deno.writeFile(paths[file], originals[file]);
    }
    report(counts);
    assert.equal((await verifyResult(path, { data })).depth, "full");
  }));

/** Who refused it; hashes and form suffice, so nothing needs to be recomputed. */
async function judge(path: string, name: string): Promise<string> {
  try {
    await openResult(path);
    return "harmless";
  } catch (error) {
    assert.ok(
      error instanceof DataError || error instanceof VerificationError,
      `${name}: ${error}`,
    );
    const lead = /^\S+?\.(json|splits\.json|decisions\.gz): /.exec(error.message);
    assert.ok(lead, `${name}: ${error.message}`);
    const guard = GUARDS.find(([, message]) => message.test(error.message));
    assert.ok(guard, `${name}: ${error.message}`);
    return guard[0];
  }
}

function sameContent(file: File, copy: Bytes, original: Bytes): boolean {
  if (file === "decisions") {
    return Buffer.compare(unpack(copy, "copy"), unpack(original, "original")) === 0;
  }
  const read = (bytes: Bytes): unknown => {
    const value = JSON.parse(decode(bytes), (_, v) => v === 0 ? 0 : v); // −0 is 0
    return file === "splits" ? loose(unpackSplits(value, file)) : value;
  };
  return isDeepStrictEqual(read(copy), read(original));
}

function report(counts: ReadonlyMap<string, ReadonlyMap<string, number>>): void {
  const total = new Map<string, number>();
  for (const [name, row] of counts) {
    for (const [verdict, n] of row) total.set(verdict, (total.get(verdict) ?? 0) + n);
    const cells = [...row].map(([verdict, n]) => `${n} ${verdict}`).sort().join(", ");
    console.log(`  ${name.padEnd(44)} ${cells}`);
  }
  const sum = [...total].sort((a, b) => b[1] - a[1]).map(([verdict, n]) => `${n} ${verdict}`);
  console.log(`  ${COPIES} copies: ${sum.join(", ")}`);
  assert.equal([...total.values()].reduce((a, b) => a + b), COPIES);
}
