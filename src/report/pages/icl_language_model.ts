/**
 * A pre-trained language model on the ICL-Router page: what its states are worth as an embedding, and what its blocks
 * are worth as a reader of records.
 * @module
 */
import { DASH, digits, signed } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";
import { type Cell, difference, entriesOf, isUnseen, labelOf, LM, rowsOf } from "./cells.ts";
import { differenceTable } from "./icl_variants.ts";
import { points, spreadOf } from "./points.ts";
import { UNSEEN_LEGEND, unseenTable } from "./tables.ts";

/** Rivals and controls by id, measured against the row itself. */
const BESIDE: Readonly<Record<string, string>> = {
  icl_lm_prior: "prior only",
  icl_lm_random: "random blocks",
  icl_lm_shuffled: "shuffled record",
  icl_lm_another: "another's record",
  icl_lm_name: "name for record",
  icl_lm_one: "1 × 128",
  icl_lm_k32: "1 × 32",
  icl_lm_k512: "1 × 512",
  icl_lm_eight: "8 × 256",
  icl_lm_ten: "ten blocks",
  icl_lm_stage1: "stage 1",
  knn: "kNN",
  ridge: "ridge",
};

/** What a part contributes: the row with it, and the row without. */
const PARTS: readonly (readonly [what: string, having: string, lacking: string])[] = [
  ["the whole row, over kNN on the same states", LM, "knn"],
  ["the reading network, over the prior alone", LM, "icl_lm_prior"],
  ["a model's record, over the same labels shuffled", LM, "icl_lm_shuffled"],
  ["a model's record, over the next model's", LM, "icl_lm_another"],
  ["a record, over a learned name", LM, "icl_lm_name"],
  ["pre-training of the reading blocks, over random numbers", LM, "icl_lm_random"],
  ["ten reading blocks and twice the steps, over four", "icl_lm_ten", LM],
  ["stage 1 before stage 2", "icl_lm_stage1", LM],
  ["three records of 256, over one of 128", LM, "icl_lm_one"],
  ["eight records of 256, over three", "icl_lm_eight", LM],
];

/** The paper's layout at a laptop's size, and what stands beside it. */
const PAPER = "icl_paper_small";
const BESIDE_PAPER: Readonly<Record<string, string>> = {
  icl_paper_shuffled: "shuffled record",
  "best-single": "best single",
  knn: "kNN",
  ridge: "ridge",
};

/** Tables about language models; empty where no result has states of one. */
export function languageModel(cells: readonly Cell[]): string[] {
  const own = cells.filter(({ embedding, synthetic }) => embedding.startsWith("lm:") && !synthetic);
  const routed = own.filter((cell) => entriesOf(cell).has(LM));
  const paper = own.filter((cell) => rowsOf(cell).has(PAPER));
  const closed = routed.filter((cell) => !isUnseen(cell));
  return [
    ...contributions(closed),
    ...states(cells, own.filter((cell) => !isUnseen(cell))),
    ...(closed.length === 0 ? [] : [
      "The reader: the score of the row as it is, and differences to it, all on the same states. Prior only: the " +
      "mean from which its answers are counted, without a network.",
      ...differenceTable(closed, LM, "ICL-Router (SmolLM2)", BESIDE),
    ]),
    ...paper.length === 0 ? [] : [
      "The paper's layout (record as vectors, query as text, all blocks), at what a laptop can do; differences to it.",
      ...differenceTable(paper, PAPER, "paper layout, small", BESIDE_PAPER),
    ],
    ...routed.filter(isUnseen).flatMap((
      cell,
    ) => [`Unseen models, ${labelOf(cell)}:`, unseenTable(cell)]),
    ...(routed.some(isUnseen) ? [UNSEEN_LEGEND] : []),
  ];
}

/** What each part contributes, in one number a dataset; empty where no row of the reader was run. */
function contributions(cells: readonly Cell[]): string[] {
  const known = cells.filter(({ protocol }) => protocol === "id");
  const rows = PARTS.map(([what, having, lacking]) => ({
    what,
    gains: known.flatMap((cell) => difference(cell, having, lacking)?.mean ?? []),
  })).filter(({ gains }) => gains.length > 0);
  if (rows.length === 0) return [];
  return [
    markdownTable(
      [{ title: "what it contributes, known benchmarks (id)" }, {
        title: "points, mean (least … most, datasets)",
        align: "right",
      }],
      rows.map(({ what, gains }) => [what, spreadOf(gains)]),
    ),
  ];
}

/** Router × dataset: the score on states, and what they gain over the static table on the same splits. */
function states(cells: readonly Cell[], own: readonly Cell[]): string[] {
  const gains = new Map<string, Map<string, { readonly gain: number; readonly to: number }>>();
  for (const cell of own) {
    const other = cells.find((one) =>
      one.embedding === "static" && one.special === cell.special && !isUnseen(one) &&
      one.dataset === cell.dataset && one.protocol === cell.protocol && sameSplits(one, cell)
    );
    if (!other) continue;
    const [before, after] = [other, cell].map(rowsOf);
    for (const [id, { name }] of entriesOf(cell)) {
      const [from, to] = [before, after].map((rows) => rows.get(id)?.report.mean.quality);
      if (from == null || to == null) continue;
      if (!gains.has(name)) gains.set(name, new Map());
      gains.get(name)!.set(`${cell.dataset}, ${cell.protocol}`, { gain: to - from, to });
    }
  }
  const all = [...gains.values()].flatMap((row) => [...row.values()].map(({ gain }) => gain));
  if (all.length === 0) return [];
  const titles = [...new Set([...gains.values()].flatMap((row) => [...row.keys()]))];
  const mean = (row: ReadonlyMap<string, { readonly gain: number }>): number =>
    [...row.values()].reduce((sum, { gain }) => sum + gain, 0) / row.size;
  const lines = [...gains].sort(([, a], [, b]) => mean(b) - mean(a)).map(([name, row]) => [
    name,
    ...titles.flatMap((title) => {
      const found = row.get(title);
      return found ? [digits(found.to), signed(found.gain)] : [DASH, DASH];
    }),
  ]);
  const median = all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
  return [
    `**States of a language model in place of the static table are better for ${
      all.filter((gain) => gain > 0).length
    } of ${all.length} routers and datasets, by ${points(median)} points in the median.**`,
    "<details><summary>Router by router: score on the states, and gain</summary>",
    markdownTable(columnsOf(["router", ...titles.flatMap((title) => [title, "gain"])], 1), lines),
    "</details>",
  ];
}

function sameSplits({ files: [a] }: Cell, { files: [b] }: Cell): boolean {
  return a.result.splits.sha256 === b.result.splits.sha256;
}
