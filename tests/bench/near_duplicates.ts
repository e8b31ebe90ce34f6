/**
 * How much of known families does the leakage audit find, what else does it group, and how long does it take?
 *
 * Families of invented words: 2 to 500 texts, each the original (which is one of them) with some words replaced by
 * new ones, at the same places or each at places of its own. All texts of a benchmark begin with the same thirty
 * words of instruction. A quarter of the texts or more are of no family: questions that share the instruction and
 * nothing else. Recall is the share of pairs of a family that end in one group, the mean over families; precision
 * the share of grouped pairs that are of one family.
 *
 *     deno run -A --lock=full.lock tests/bench/near_duplicates.ts [--rows 10000,100000]
 *
 * Deterministic but for the seconds: the tables stand in docs/protocol.md.
 */
import process from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import { audit } from "../../src/audit/audit.ts";
import { type Random, random } from "../../src/base/random.ts";
import { percent } from "../../src/report/tables/numbers.ts";
import { columnsOf, markdownTable } from "../../src/report/tables/text_table.ts";
import { type Row, tableOf } from "../splits/tables.ts";

const flags = parseArgs(Deno.args, { string: ["rows"] });
const counts = (flags.rows ?? "10000,20000,50000,100000").split(",").map(Number);
const SIZES = [2, 5, 10, 12, 50, 500];
const EDITS = [1, 2, 3, 4, 5];
const LENGTHS = ["12–14", "15–24", "25–60"];
const INSTRUCTION = 30;

type Place = "same places" | "own places";

const newWord = (g: Random): string =>
  Array.from({ length: 6 }, () => "abcdefghijklmnopqrstuvwxyz"[g.integer(26)]).join("");
const newWords = (g: Random, n: number): string[] => Array.from({ length: n }, () => newWord(g));

/** The original and its edits. */
function family(g: Random, size: number, edits: number, words: string[], place: Place): string[] {
  const places = (): number[] => g.shuffle([...words.keys()]).slice(0, edits);
  const same = places();
  return Array.from({ length: size }, (_, member) => {
    const at = member === 0 ? [] : place === "same places" ? same : places();
    return words.map((word, i) => at.includes(i) ? newWord(g) : word).join(" ");
  });
}

/** Rows with the family of each; −1 for none. */
interface Known {
  readonly rows: Row[];
  readonly family: number[];
}

/** Two benchmarks of families of one kind. */
function known(size: number, edits: number, lengths: string, place: Place): Known {
  const g = random(1, "families", size, edits, lengths, place);
  const [shortest, longest] = lengths.split("–").map(Number);
  const words = (): string[] => newWords(g, shortest + g.integer(longest - shortest + 1));
  const rows: Row[] = [], label: number[] = [];
  const families = size > 100 ? 3 : Math.ceil(300 / size);
  for (const benchmark of ["a", "b"]) {
    const instruction = newWords(g, INSTRUCTION).join(" ");
    const add = (family: number, text: string): void => {
      rows.push({ id: `${newWord(g)}-${rows.length}`, benchmark, text: `${instruction} ${text}?` });
      label.push(family);
    };
    for (let f = 0; f < families; f++) {
      const name = label.length;
      family(g, size, edits, words(), place).forEach((text) => add(name, text));
    }
    for (let i = 0; i < families * size / 3; i++) add(-1, words().join(" "));
  }
  return { rows, family: label };
}

const pairs = (n: number): number => n * (n - 1) / 2;

/** Recall, and grouped pairs: all of them, and those of one family. */
function found({ rows, family }: Known): { recall: number; grouped: number; right: number } {
  const { groups } = audit(tableOf(rows));
  const count = (keys: (string | number)[]): Map<string | number, number> =>
    new Map([...Map.groupBy(keys, (key) => key)].map(([key, own]) => [key, own.length]));
  const labelled = family.flatMap((f, row) => f < 0 ? [] : [{ f, both: `${f} ${groups[row]}` }]);
  const size = count(labelled.map(({ f }) => f));
  const together = count(labelled.map(({ both }) => both));
  const byFamily = new Map<number, number>();
  for (const [both, n] of together) {
    const f = Number(`${both}`.split(" ")[0]);
    byFamily.set(f, (byFamily.get(f) ?? 0) + pairs(n));
  }
  const shares = [...size].map(([f, n]) => byFamily.get(f as number)! / pairs(n));
  return {
    recall: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    grouped: [...count([...groups]).values()].reduce((sum, n) => sum + pairs(n), 0),
    right: [...together.values()].reduce((sum, n) => sum + pairs(n), 0),
  };
}

let grouped = 0, right = 0;
const rows = LENGTHS.map((lengths) => [
  lengths,
  ...EDITS.map((edits) => {
    const recalls = SIZES.flatMap((size) =>
      (["same places", "own places"] as const).map((place) => {
        const result = found(known(size, edits, lengths, place));
        grouped += result.grouped;
        right += result.right;
        console.error(
          `${lengths} words, ${size} texts, ${edits} edited, ${place}: ${result.recall}`,
        );
        return result.recall;
      })
    );
    return percent(Math.min(...recalls));
  }),
]);
const titles = EDITS.map((edits) => `${edits} edited`);
console.log(
  markdownTable(columnsOf(["least recall of families of 2 to 500 texts", ...titles]), rows),
);
console.log(`\nprecision ${percent(right / grouped, 2)} of ${grouped} pairs\n`);

/** Rows of a mixed benchmark: half of them in families of 2 to 500, one to three words edited. */
function mixed(count: number): Row[] {
  const all: Row[] = [];
  for (let part = 0; all.length < count; part++) {
    const size = SIZES[part % SIZES.length],
      { rows } = known(size, 1 + part % 3, "25–60", "own places");
    for (const row of rows) {
      all.push({ ...row, id: `${part}-${row.id}`, text: `${row.text} ${row.benchmark}${part}` });
    }
  }
  return all.slice(0, count);
}

const seconds = counts.map((count: number) => {
  const table = tableOf(mixed(count)), before = process.cpuUsage();
  audit(table);
  const { user, system } = process.cpuUsage(before);
  return [String(count), ((user + system) / 1e6).toFixed(1)];
});
console.log(markdownTable(columnsOf(["rows", "CPU seconds"]), seconds));
