/**
 * "In short": sentences of the ICL-Router page, every word of which is counted from results.
 * @module
 */
import type { ArmReport } from "../../evaluate/evaluate_new_model.ts";
import { isNewModel } from "../../results/result.ts";
import {
  type Cell,
  comparisonOf,
  counts,
  difference,
  type IclFile,
  isUnseen,
  labelOf,
  rowsOf,
} from "./icl_cells.ts";
import { BASE, PLUS } from "./icl_plan.ts";
import { LEVEL } from "../tables/leaderboard.ts";
import { DASH } from "../tables/numbers.ts";
import { spreadOf } from "./icl_numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** References with a stored test, and rivals without. */
const TESTED = { "best-single": "best single", knn: "tuned kNN" };
const UNTESTED = { ridge: "ridge", uniroute: "UniRoute" };
const NAMES = { [BASE]: "ICL-Router", [PLUS]: "ICL-Router+" };
const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  id: "In distribution (id)",
  "ood:k": "Out of distribution, whole domains in k folds (ood:k)",
  ood: "Out of distribution, one benchmark at a time (ood)",
  task: "Held-out tasks (task)",
};

/** The sentences, and the counts for unseen models as a table. */
export function inShort(cells: readonly Cell[]): string[] {
  const own = cells.filter(counts);
  const closed = Map.groupBy(own.filter((cell) => !isUnseen(cell)), (cell) => cell.protocol);
  const lines = [...closed].flatMap(([protocol, of]) =>
    Object.keys(NAMES).flatMap((id) => sentence(of, id, PROTOCOL_NAMES[protocol] ?? protocol))
  );
  const unseen = Map.groupBy(own.filter(isUnseen), (cell) => cell.protocol);
  const tables = [...unseen].flatMap(([protocol, of]) => unseenCounts(of, protocol));
  if (lines.length === 0 && tables.length === 0) return ["No recorded dataset has been run yet."];
  return [...(lines.length > 0 ? [lines.map((line) => `- ${line}`).join("\n")] : []), ...tables];
}

function sentence(cells: readonly Cell[], id: string, where: string): string[] {
  const run = cells.filter((cell) => rowsOf(cell).has(id));
  if (run.length === 0) return [];
  const tested = Object.entries(TESTED).flatMap(([reference, name]) => {
    const found = run.flatMap((cell) => {
      const c = comparisonOf(rowsOf(cell).get(id)!, reference);
      return c ? [{ cell, sign: c.pHolm < LEVEL ? Math.sign(c.difference) : 0, c }] : [];
    });
    if (found.length === 0) return [];
    const names = (sign: number): string[] =>
      found.filter((f) => f.sign === sign).map((f) => labelOf(f.cell));
    return [
      `against ${name} significantly above on ${counted(names(1))}, below on ${
        counted(names(-1))
      }, no difference shown on ${counted(names(0))}; mean difference in points ${
        spreadOf(found.map(({ c }) => c.difference))
      }`,
    ];
  });
  const untested = Object.entries(UNTESTED).flatMap(([rival, name]) => {
    const found = run.flatMap((cell) => difference(cell, id, rival) ?? []);
    if (found.length === 0) return [];
    const above = found.filter(({ mean }) => mean > 0).length;
    return [
      `mean score above ${name} on ${above} of ${found.length} datasets (no test stored), in points ${
        spreadOf(found.map(({ mean }) => mean))
      }`,
    ];
  });
  const name = NAMES[id as keyof typeof NAMES];
  return [
    `**${where}: ${name}**, ${run.length} ${run.length === 1 ? "dataset" : "datasets"}: ${
      [...tested, ...untested].join("; ")
    }.`,
  ];
}

function counted(names: readonly string[]): string {
  return names.length === 0 ? "none" : `${names.length} (${names.join(", ")})`;
}

/** Unseen models under one protocol: on how many datasets better or worse, at each n. */
function unseenCounts(cells: readonly Cell[], protocol: string): string[] {
  const armsOf = new Map(
    Object.keys(NAMES).map((id) => [id, cells.map((cell) => ownArms(cell, id))]),
  );
  const sizes = [...new Set([...armsOf.values()].flat(2).map(({ n }) => n!))].sort((a, b) => a - b);
  const rivals: Readonly<Record<string, string>> = { knn: "kNN", ...UNTESTED };
  const rows = Object.entries(NAMES).flatMap(([id, name]) =>
    (["all", "new"] as const).flatMap((pool) => {
      const arms = armsOf.get(id)!;
      const line = (against: string, cell: (n: number) => string): string[] => [
        `${name}, ${pool === "all" ? "all models" : "new models only"}`,
        against,
        ...sizes.map(cell),
      ];
      const at = (of: readonly ArmReport[], router: string, n: number): ArmReport | undefined =>
        of.find((a) => a.router === router && a.n === n && a.pool === pool);
      if (!arms.flat().some((a) => a.router === id && a.pool === pool)) return [];
      return [
        line("best single, tested", (n) => {
          const found = arms.flatMap((of) => at(of, id, n)?.vsBestSingle ?? []);
          if (found.length === 0) return DASH;
          const sure = found.filter(({ pHolm }) => pHolm < LEVEL);
          const above = sure.filter(({ difference }) => difference > 0).length;
          return `+${above} −${sure.length - above} of ${found.length}`;
        }),
        ...Object.entries(rivals).map(([rival, title]) =>
          line(`${title}, tested (or mean only)`, (n) => {
            const found = arms.flatMap((of) =>
              at(of, id, n)?.vsRouters?.filter(({ router }) => router === rival) ?? []
            );
            if (found.length > 0) {
              const sure = found.filter(({ pHolm }) => pHolm < LEVEL);
              const above = sure.filter(({ difference }) => difference > 0).length;
              return `+${above} −${sure.length - above} of ${found.length}`;
            }
            const gains = arms.flatMap((of) => {
              const own = at(of, id, n), other = at(of, rival, n);
              return own && other ? [own.quality - other.quality] : [];
            });
            const above = gains.filter((gain) => gain > 0).length;
            return gains.length === 0 ? DASH : `${above} of ${gains.length}`;
          })
        ),
      ];
    })
  );
  if (rows.length === 0) return [];
  return [
    `Unseen models (${protocol}), own arm, by n labelled queries a new model: on how many datasets ` +
    "significantly above (+) and below (−) best single with the same n labels, and a rival's own arm; where a result stores no " +
    "test against a rival, on how many datasets the mean is above.",
    markdownTable(
      [
        { title: "router, pool" },
        { title: "against" },
        ...sizes.map((n) => ({ title: `n=${n}`, align: "right" as const })),
      ],
      rows,
    ),
  ];
}

/**
 * The own arms of a cell at every n, from the files with the splits of the first file that has the router;
 * of a router in several of them, the first file's.
 */
export function ownArms({ files }: Cell, router?: string): ArmReport[] {
  const has = ({ result: { evaluation } }: IclFile): boolean =>
    isNewModel(evaluation) && evaluation.arms.some((arm) => arm.router === router);
  const first = (router === undefined ? files[0] : files.find(has))?.result;
  if (!first) return [];
  const seen = new Set<string>();
  return files.filter(({ result }) => result.splits.sha256 === first.splits.sha256)
    .flatMap(({ result: { evaluation } }) => {
      if (!isNewModel(evaluation)) return [];
      const fresh = evaluation.arms.filter(({ router, arm, n }) =>
        !seen.has(router) && n !== null && (arm === "zero-update" || arm === "fit-new-vector")
      );
      for (const { router } of fresh) seen.add(router);
      return fresh;
    });
}
