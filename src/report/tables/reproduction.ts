/**
 * A paper's numbers beside ours on its own files: what is on record of the paper, and the table of both.
 *
 * Papers average over benchmarks, each counting the same. A benchmark with training rows is in distribution, one
 * that is only tested is out of it.
 * @module
 */
import type { OutcomeTable } from "../../outcomes/table.ts";
import { DASH } from "./numbers.ts";
import { type TableColumn, textTable } from "./text_table.ts";

/** A row of the paper: what it is called, which row here it is held beside, percent. */
export interface Said {
  /** As the paper has it. */
  readonly row: string;
  /** Id of a router or reference row here; `hindsight:…` is computed from the test outcomes. */
  readonly ours: string;
  /** In distribution; null where it is not on record. */
  readonly id: number | null;
  /** Out of distribution; null where it is not on record. */
  readonly ood: number | null;
}

/** A paper that can be run again on its own files. */
export interface Paper {
  /** Name of its dataset here. */
  readonly name: string;
  /** Method and source. */
  readonly title: string;
  /** View that holds the paper's rows; the default one unless told. */
  readonly view?: string;
  /** How its files are imported. */
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** Its rows. */
  readonly said: readonly Said[];
  /** Rows here beside those that stand in `said`. */
  readonly more: readonly string[];
  /** Models it took in after training, with what it gained, percent. */
  readonly newModels?: {
    readonly models: readonly string[];
    readonly id: readonly [before: number, after: number];
    readonly ood: readonly [before: number, after: number];
  };
  /** What to know when the two are compared. */
  readonly notes: readonly string[];
}

const COMMON =
  "means over benchmarks, each counting the same; hindsight rows are told the test outcomes";

/** Papers by name. */
export const PAPERS: Readonly<Record<string, Paper>> = {
  "icl-router": {
    name: "icl-router",
    title: "ICL-Router, arXiv 2510.09719",
    options: { label: ["direct"] },
    said: [
      { row: "best of each benchmark", ours: "hindsight:each", id: 73.19, ood: null },
      { row: "RouterDC", ours: "routerdc", id: 72.32, ood: null },
      { row: "EmbedLLM", ours: "embedllm", id: 74.16, ood: null },
      { row: "MODEL-SAT", ours: "model_sat", id: 71.71, ood: null },
      { row: "ICL-Router", ours: "icl_router", id: 76.3, ood: 66.4 },
    ],
    more: ["icl_router_plus", "knn", "best-single", "hindsight:single", "hindsight:oracle"],
    newModels: {
      models: [
        ...["Falcon-H1", "Gemma3-12B", "DeepSeek-R1-Llama-8B"],
        ...["OpenThinker3-7B", "AceReason-Nemotron"],
      ],
      id: [76.3, 79.9],
      ood: [66.4, 69.9],
    },
    notes: [
      COMMON,
      "the paper's numbers are known from accounts of it; it trained a language model of 7 billion parameters " +
      "on embeddings of 8 billion, our row learns a small network from scratch",
      "label: the bit is_correct_direct, on which the authors' code trains; its origin is not stated",
    ],
  },
  routerdc: {
    name: "routerdc",
    title: "RouterDC, arXiv 2409.19886",
    view: "published",
    options: { target: ["probability"] },
    said: [
      { row: "best single", ours: "hindsight:single", id: 54.56, ood: 43.95 },
      { row: "best of each benchmark", ours: "hindsight:each", id: 58.7, ood: 46.36 },
      { row: "oracle", ours: "hindsight:oracle", id: 77.52, ood: 70.34 },
      { row: "RouterDC", ours: "routerdc", id: 58.54, ood: 45.85 },
    ],
    more: ["best-single", "knn", "uniroute"],
    notes: [
      COMMON,
      "the paper's reference rows were recomputed from its tables",
      "the published run had no validation rows and chose its checkpoint by training accuracy; here a quarter " +
      "of the training rows validate before the last fit on all",
      "repeated queries count once here, and a test query is never trained on",
    ],
  },
};

/** Benchmarks in and out of distribution, by whether they have published training rows. */
export function partsOf(table: OutcomeTable): { readonly id: number[]; readonly ood: number[] } {
  const trained = new Set<number>(), tested = new Set<number>();
  table.published.forEach((split, row) =>
    (split === 1 ? trained : tested).add(table.benchmark[row])
  );
  const order = [...tested].sort((a, b) => a - b);
  return {
    id: order.filter((b) => trained.has(b)),
    ood: order.filter((b) => !trained.has(b)),
  };
}

/** Means of the rows that know the test outcomes, by benchmark: best single of each part, best of each, oracle. */
export function hindsight(table: OutcomeTable): Record<string, readonly (number | null)[]> {
  const { models, scores, benchmarks } = table, width = models.length;
  const rows = benchmarks.map((_, b) =>
    [...table.ids.keys()].filter((row) => table.benchmark[row] === b && table.published[row] === 2)
  );
  const mean = (b: number, of: (row: number) => number): number | null =>
    rows[b].length === 0 ? null : rows[b].reduce((sum, row) => sum + of(row), 0) / rows[b].length;
  const of = (m: number) => benchmarks.map((_, b) => mean(b, (row) => scores[row * width + m]));
  const each = models.map((_, m) => of(m));
  const parts = partsOf(table);
  const single = benchmarks.map((): number | null => null);
  for (const part of [parts.id, parts.ood]) {
    const best = each.toSorted((a, b) => (meanOf(b, part) ?? 0) - (meanOf(a, part) ?? 0))[0];
    for (const b of part) single[b] = best[b];
  }
  return {
    "hindsight:single": single,
    "hindsight:each": benchmarks.map((_, b) =>
      rows[b].length === 0 ? null : Math.max(...each.map((values) => values[b]!))
    ),
    "hindsight:oracle": benchmarks.map((_, b) =>
      mean(b, (row) => Math.max(...scores.subarray(row * width, (row + 1) * width)))
    ),
  };
}

/** Mean over some benchmarks, each counting the same; null of none, or where one is not known. */
export function meanOf(
  values: readonly (number | null)[],
  part: readonly number[],
): number | null {
  if (part.length === 0 || part.some((b) => values[b] === null)) return null;
  return part.reduce((sum, b) => sum + values[b]!, 0) / part.length;
}

/** A row of ours: what it is called, and its mean score of each benchmark. */
export interface OurRow {
  /** As printed. */
  readonly name: string;
  /** By `table.benchmarks`; null where a benchmark is not tested. */
  readonly benchmarks: readonly (number | null)[];
}

const COLUMNS: readonly TableColumn[] = [
  { title: "the paper's row" },
  { title: "ours" },
  { title: "ID said", align: "right" },
  { title: "we got", align: "right" },
  { title: "OOD said", align: "right" },
  { title: "we got", align: "right" },
];

/**
 * The table of both, in percent.
 * @param ours rows by id, `hindsight:…` included
 */
export function reproductionTable(
  paper: Paper,
  table: OutcomeTable,
  ours: ReadonlyMap<string, OurRow>,
): string {
  const { id, ood } = partsOf(table);
  const cells = (row: OurRow | undefined): [string, string] =>
    row
      ? [inPercent(meanOf(row.benchmarks, id)), inPercent(meanOf(row.benchmarks, ood))]
      : [DASH, DASH];
  const said = paper.said.map((row) => {
    const [gotId, gotOod] = cells(ours.get(row.ours));
    const name = ours.get(row.ours)?.name ?? "not run";
    return [row.row, name, shown(row.id), gotId, shown(row.ood), gotOod];
  });
  const held = new Set(paper.said.map((row) => row.ours));
  const others = [...ours].filter(([row]) => !held.has(row)).map(([, row]) => {
    const [gotId, gotOod] = cells(row);
    return [DASH, row.name, DASH, gotId, DASH, gotOod];
  });
  const rows = (part: readonly number[]): string =>
    part.map((b) => {
      const tested = table.ids.keys().filter((row) =>
        table.benchmark[row] === b && table.published[row] === 2
      );
      return `${table.benchmarks[b]} (${tested.toArray().length})`;
    }).join(", ") || "none";
  return [
    `${paper.title}, on its own files`,
    `  in distribution (ID): ${rows(id)}`,
    `  only tested (OOD):    ${rows(ood)}`,
    `  models:               ${table.models.length}`,
    "",
    textTable(COLUMNS, [...said, ...others]),
    "",
    ...paper.notes.map((note) => `note: ${note}`),
  ].join("\n");
}

/** A fraction as percent with a digit. */
export function inPercent(value: number | null): string {
  return value === null ? DASH : (100 * value).toFixed(1);
}

const shown = (value: number | null): string => value === null ? DASH : value.toFixed(1);
