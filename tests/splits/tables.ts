/**
 * Tables for the protocol tests: built from rows, generated, or read from the shared data.
 * @module
 */
import { gunzipSync } from "node:zlib";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { random } from "../../src/base/random.ts";

/** A row of a test table. */
export interface Row {
  id: string;
  text?: string;
  benchmark?: string;
  task?: string;
  split?: "train" | "test";
  scores?: (number | undefined)[];
  costs?: (number | undefined)[];
}

/** Rows in the order given (a real table is in ascending id); models are m0, m1, …. */
export function tableOf(rows: readonly Row[], extra: Partial<OutcomeTable> = {}): OutcomeTable {
  const M = Math.max(1, ...rows.map((r) => r.scores?.length ?? 0));
  const benchmarkOf = (r: Row): string => r.benchmark ?? "b";
  const taskOf = (r: Row): string => r.task ? `${benchmarkOf(r)}/${r.task}` : benchmarkOf(r);
  const benchmarks = [...new Set(rows.map(benchmarkOf))].sort();
  const tasks = [...new Set(rows.map(taskOf))].sort();
  const cells = (key: "scores" | "costs"): Float64Array =>
    Float64Array.from(
      { length: rows.length * M },
      (_, at) => rows[Math.floor(at / M)][key]?.[at % M] ?? NaN,
    );
  return {
    dataset: {
      name: "test",
      version: "1",
      sha256: "0".repeat(64),
      synthetic: false,
      unpriced: [],
      dropped: {},
      notes: [],
    },
    ids: rows.map((r) => r.id),
    texts: rows.map((r) => r.text ?? `the text of ${r.id}`),
    benchmarks,
    benchmark: Uint16Array.from(rows, (r) => benchmarks.indexOf(benchmarkOf(r))),
    tasks,
    task: Uint16Array.from(rows, (r) => tasks.indexOf(taskOf(r))),
    published: Uint8Array.from(rows, (r) => ["train", "test"].indexOf(r.split ?? "") + 1),
    models: Array.from({ length: M }, (_, m) => `m${m}`),
    scores: cells("scores"),
    costs: cells("costs"),
    options: new Uint16Array(rows.length),
    solvedFrom: new Float64Array(benchmarks.length).fill(0.5),
    domains: benchmarks,
    ...extra,
  };
}

/** Every row its own group. */
export function alone(table: OutcomeTable): Uint32Array {
  return Uint32Array.from(table.ids.keys());
}

/** Random rows: benchmarks of the given sizes, groups of one to four rows, `M` models. */
export function generated(sizes: Readonly<Record<string, number>>, M = 6, tasksEach = 1): {
  rows: Row[];
  groups: Uint32Array;
} {
  const draw = random(7, "generated");
  const rows: Row[] = [];
  const groups: number[] = [];
  for (const [benchmark, size] of Object.entries(sizes)) {
    for (let i = 0; i < size; i++) {
      rows.push({
        id: `${benchmark}-${String(i).padStart(5, "0")}`,
        benchmark,
        ...(tasksEach > 1 ? { task: `task${i % tasksEach}` } : {}),
        scores: Array.from({ length: M }, (_, m) => Number(draw.next() < (m + 1) / (M + 1))),
      });
      const joins = i > 0 && draw.next() < 0.3;
      groups.push(joins ? groups.at(-1)! : groups.length);
    }
  }
  return { rows, groups: Uint32Array.from(groups) };
}

/** Role letters by query id. */
export function rolesById(table: OutcomeTable, roles: string): Record<string, string> {
  return Object.fromEntries(table.ids.map((id, row) => [id, roles[row]]));
}

/** How many rows have a role. */
export function count(roles: string, role: string): number {
  return roles.split(role).length - 1;
}

/** Fails a test when a group lies on two sides; dropped rows are on none. */
export function partedGroups(roles: string, groups: Uint32Array): number {
  const sides = Map.groupBy(groups.keys(), (row) => groups[row]);
  return [...sides.values()]
    .filter((rows) => new Set(rows.map((row) => roles[row]).filter((r) => r !== "d")).size > 1)
    .length;
}

/** A recorded dataset as a table, or undefined with a line on the console where it is absent. */
export async function recordedTable(
  folder: string,
  keep: (record: OutcomeRecord) => boolean = () => true,
): Promise<OutcomeTable | undefined> {
  const root = Deno.env.get("ICLR_DATA");
  const bytes = root &&
    await Deno.readFile(`${root}/${folder}/records.jsonl.gz`).catch(() => undefined);
  if (!bytes) {
    console.log(
      `SKIPPED: no records of ${folder} (ICLR_DATA names the folder of recorded datasets)`,
    );
    return undefined;
  }
  const records = new TextDecoder().decode(gunzipSync(bytes)).trim().split("\n")
    .map((line): OutcomeRecord => JSON.parse(line))
    .filter(keep)
    .sort((a, b) => a.id < b.id ? -1 : 1);
  const models = [...new Set(records.flatMap((r) => Object.keys(r.scores)))].sort();
  const rows = records.map((r): Row => ({
    id: r.id,
    text: r.query,
    benchmark: r.benchmark,
    task: r.task,
    split: r.split,
    scores: models.map((m) => r.scores[m]),
  }));
  return tableOf(rows, { models });
}
