/**
 * A pre-trained language model on the ICL-Router page: what its states are worth as an embedding, and what its blocks
 * are worth as a reader of records.
 * @module
 */
import { digits, signed } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";
import { type Cell, entriesOf, isUnseen, labelOf, LM, rowsOf } from "./cells.ts";
import { differenceTable } from "./icl_variants.ts";
import { UNSEEN_LEGEND, unseenTable } from "./tables.ts";

/** Rivals and controls by id, measured against the row itself. */
const BESIDE: Readonly<Record<string, string>> = {
  icl_lm_prior: "prior only",
  icl_lm_random: "random blocks",
  icl_lm_shuffled: "shuffled record",
  icl_lm_another: "another's record",
  icl_lm_name: "name for record",
  icl_lm_one: "one record",
  knn: "kNN",
  ridge: "ridge",
};

/** Tables about language models; empty where no result has states of one. */
export function languageModel(cells: readonly Cell[]): string[] {
  const own = cells.filter(({ embedding, synthetic }) => embedding.startsWith("lm:") && !synthetic);
  const routed = own.filter((cell) => entriesOf(cell).has(LM));
  const closed = routed.filter((cell) => !isUnseen(cell));
  return [
    ...states(cells, own.filter((cell) => !isUnseen(cell))),
    ...(closed.length === 0 ? [] : [
      "The reader: the score of the row as it is, and differences to it, all on the same states. Prior only: the " +
      "mean from which its answers are counted, without a network.",
      ...differenceTable(closed, LM, "ICL-Router (SmolLM2)", BESIDE),
    ]),
    ...routed.filter(isUnseen).flatMap((
      cell,
    ) => [`Unseen models, ${labelOf(cell)}:`, unseenTable(cell)]),
    ...(routed.some(isUnseen) ? [UNSEEN_LEGEND] : []),
  ];
}

/** Router × embedding on the same splits: what states of a language model are worth. */
function states(cells: readonly Cell[], own: readonly Cell[]): string[] {
  const lines = own.flatMap((cell) => {
    const other = cells.find((one) =>
      one.embedding === "static" && one.special === cell.special && !isUnseen(one) &&
      one.dataset === cell.dataset && one.protocol === cell.protocol && sameSplits(one, cell)
    );
    if (!other) return [];
    const [before, after] = [other, cell].map(rowsOf);
    return [...entriesOf(cell)].flatMap(([id, { name, reference }]) => {
      const [from, to] = [before, after].map((rows) => rows.get(id)?.report.mean.quality);
      if (reference || from == null || to == null) return [];
      return [{
        gain: to - from,
        cells: [cell.dataset, name, digits(from), digits(to), signed(to - from)],
      }];
    });
  });
  if (lines.length === 0) return [];
  const above = lines.filter(({ gain }) => gain > 0).length;
  return [
    `States of SmolLM2 in place of the static table: better for ${above} of ${lines.length} routers.`,
    markdownTable(
      columnsOf(["dataset, id", "router", "static", "states", "difference"], 2),
      lines.map(({ cells }) => cells),
    ),
  ];
}

function sameSplits({ files: [a] }: Cell, { files: [b] }: Cell): boolean {
  return a.result.splits.sha256 === b.result.splits.sha256;
}
