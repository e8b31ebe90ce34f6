/**
 * `results/icl-router.md`: what the results say about ICL-Router and ICL-Router+.
 * @module
 */
import type { Stage1Report } from "../../results/stage1.ts";
import { intervalCell, marks } from "../tables/leaderboard.ts";
import { isNewModel } from "../../results/result.ts";
import { DASH, digits, signed } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";
import {
  againstIn,
  armAt,
  BASE,
  type Cell,
  cellsOf,
  counts,
  isUnseen,
  labelOf,
  ownArms,
  PLUS,
  PRIOR,
  type ResultFile,
  rowsOf,
  type Standing,
  standingIn,
  standingOf,
  statementsOf,
} from "./cells.ts";
import { languageModel } from "./icl_language_model.ts";
import { controlsTable, plusTable, sweepTable, variantsTable } from "./icl_variants.ts";
import { paperTable } from "./icl_paper.ts";
import { DIFFERENCE_NOTE, meanOf, points, summary, tally } from "./points.ts";
import { footnotes, sign } from "./tables.ts";

/** Headings of the protocols of known models. */
const TITLES: Readonly<Record<string, string>> = {
  id: "Known benchmarks (id)",
  "ood:k": "Whole domains held out (ood:k)",
  ood: "One benchmark held out (ood)",
  task: "Tasks held out (task)",
};

const NAMES: Readonly<Record<string, string>> = {
  [BASE]: "ICL-Router",
  [PLUS]: "ICL-Router+",
  [PRIOR]: "prior-fitted",
};

/** Rivals on unseen models. */
const RIVALS: Readonly<Record<string, string>> = {
  knn: "kNN",
  ridge: "ridge",
  uniroute: "UniRoute",
};

/** What a pair of columns is called. */
const AGAINST: Readonly<Record<string, string>> = {
  "best-single": "to best single",
  knn: "to tuned kNN",
};

/**
 * The page; the same files, in any order, give the same page.
 * @param files results, those with ICL-Router rows with their cards
 * @param stage1 what stage 1 learned, in printing order
 */
export function iclPage(files: readonly ResultFile[], stage1: readonly Stage1Report[]): string {
  const cells = cellsOf(files.filter(({ result }) => result.routers.some(({ id }) => isOwn(id))));
  const closed = cells.filter((cell) => !isUnseen(cell) && !cell.synthetic);
  const main = cells.filter(counts);
  const controls = controlsTable(closed);
  const variants = [...variantsTable(closed), ...sweepTable(closed), ...plusTable(closed)];
  const other = closed.filter(({ embedding }) =>
    embedding !== "static" && !embedding.startsWith("lm:")
  );
  return [
    "# ICL-Router",
    ...answer(main),
    ...overview(main),
    "Points (hundredths of the mean score), mean over datasets; in brackets on how many the router is significantly " +
    "above (+) and below (−), after Holm within each result. ICL-Router: the paper's two stages with a small network " +
    "trained from scratch, one to three seeds. ICL-Router+: ours, no network. Prior-fitted: ours, one network trained " +
    "once on made-up models. Made by `deno task pages`; " +
    "the runs behind it are in [variants.md](variants.md) and on the pages of the [datasets](README.md).",
    ...section("On a pre-trained language model", languageModel(cellsOf(files))),
    ...section("Dataset by dataset", byDataset(closed.filter((c) => c.embedding === "static"))),
    ...section("Unseen models", unseen(main)),
    ...section("Are records read?", controls, DIFFERENCE_NOTE),
    ...section("With and without", variants, controls.length > 0 ? undefined : DIFFERENCE_NOTE),
    ...section("Other embeddings", byDataset(other)),
    ...section("Stage 1: do vectors tell anything?", stage1Table(stage1)),
    ...section("Paper said, we got", main.length > 0 ? paperTable(main) : []),
    // Of new-model runs the page shows routers that other runs have too, and no variants.
    ...footnotes(
      statementsOf(
        files.filter(({ result }) => !isNewModel(result.evaluation)),
        ({ id }) => isOwn(id),
      ),
    ),
  ].join("\n\n") + "\n";
}

function isOwn(id: string): boolean {
  return id.startsWith("icl_");
}

/** The answer: three sentences, all of it counted. */
function answer(cells: readonly Cell[]): string[] {
  const of = (protocol: string): Cell[] => cells.filter((cell) => cell.protocol === protocol);
  const told = (id: string, protocol: string, where: string): string | undefined => {
    const found = against(of(protocol), id, "best-single");
    if (found.length === 0) return undefined;
    const [above, below] = [1, -1].map((s) =>
      found.filter(({ sign }) => sign === s).length || "none"
    );
    return `${
      points(meanOf(found))
    } ${where} (significantly above it on ${above} of ${found.length} ${
      found.length === 1 ? "dataset" : "datasets"
    }, below on ${below})`;
  };
  const at = (id: string, n: number): string =>
    points(meanOf(of("new-model").flatMap((cell) => standingIn(cell, id, n) ?? [])));
  const known = told(BASE, "id", "points on known benchmarks");
  const far = told(BASE, "ood", "with one benchmark held out");
  const joins = of("new-model").some((cell) => standingIn(cell, BASE, 8));
  const plus = told(PLUS, "id", "on known benchmarks"),
    plusFar = told(PLUS, "ood", "on unseen ones");
  const sentences = [
    known &&
    `**Trained from scratch, ICL-Router's mean difference to the best single model is ${known}; to tuned kNN it is ${
      points(meanOf(against(of("id"), BASE, "knn")))
    }.**`,
    far &&
    `It is ${far}${
      joins
        ? `; on unseen models ${at(BASE, 8)} with 8 labelled queries each, ${
          at(BASE, 500)
        } with 500`
        : ""
    }.`,
    plus &&
    `ICL-Router+, closed-form attention in the network's place, is at ${plus}, ${
      plusFar ?? DASH
    }, and ${at(PLUS, 64)} on unseen models with 64 labels each.`,
  ].filter((text) => text !== undefined);
  return [sentences.join(" ") || "No recorded dataset has been run yet."];
}

/** Protocol × router and reference. */
function overview(cells: readonly Cell[]): string[] {
  const columns = Object.keys(NAMES).flatMap((id) =>
    Object.keys(AGAINST).map((reference) => ({ id, reference }))
  );
  const closed = Object.entries(TITLES).map(([protocol, title]) => {
    const own = cells.filter((cell) => cell.protocol === protocol);
    return [title, ...columns.map(({ id, reference }) => summary(against(own, id, reference)))];
  });
  const unseen = cells.filter(isUnseen);
  const sizes = [8, 32, 64, 125, 500].map((n) => [
    `Unseen models, ${n} labels each`,
    ...columns.map(({ id, reference }) =>
      summary(unseen.flatMap((c) => armStanding(c, id, n, reference)))
    ),
  ]);
  const rows = [...closed, ...sizes].filter((row) => row.slice(1).some((cell) => cell !== DASH));
  if (rows.length === 0) return [];
  return [markdownTable(
    columnsOf([
      "",
      ...columns.map(({ id, reference }) => `${NAMES[id]} ${AGAINST[reference]}`),
    ]),
    rows,
  )];
}

function against(cells: readonly Cell[], id: string, reference: string): Standing[] {
  return cells.filter((cell) => !isUnseen(cell)).flatMap((cell) => {
    const found = againstIn(cell, id, reference);
    return found ? [standingOf(found)] : [];
  });
}

/** An own arm against best single or a rival's own arm, where that was tested. */
function armStanding(cell: Cell, id: string, n: number, reference: string): Standing[] {
  const arm = armAt(ownArms(cell, id), id, n);
  const found = reference === "best-single"
    ? arm?.vsBestSingle
    : arm?.vsRouters?.find(({ router }) => router === reference);
  return found ? [standingOf(found)] : [];
}

/** A table for every protocol of known models. */
function byDataset(cells: readonly Cell[]): string[] {
  return Object.entries(TITLES).flatMap(([protocol, title]) => {
    const own = cells.filter((cell) =>
      cell.protocol === protocol && Object.keys(NAMES).some((id) => rowsOf(cell).has(id))
    );
    const ids = Object.keys(NAMES).filter((id) => own.some((cell) => rowsOf(cell).has(id)));
    return own.length === 0 ? [] : [
      `### ${title}`,
      markdownTable(
        [
          { title: "dataset" },
          ...ids.flatMap((id) => [
            { title: `${NAMES[id]} Δ single [95% CI]`, align: "right" as const },
            { title: "Δ kNN [95% CI]", align: "right" as const },
            { title: "vs" },
            { title: "seeds", align: "right" as const },
          ]),
        ],
        own.map((cell) => [labelOf(cell), ...ids.flatMap((id) => four(cell, id))]),
      ),
    ];
  });
}

function four(cell: Cell, id: string): string[] {
  const row = rowsOf(cell).get(id), evaluation = row?.file.result.evaluation;
  if (!row || !evaluation || isNewModel(evaluation)) return [DASH, DASH, "", ""];
  const [single, knn] = Object.keys(AGAINST).map((reference) => againstIn(cell, id, reference));
  return [
    single ? intervalCell(single) : DASH,
    knn ? intervalCell(knn) : DASH,
    marks(evaluation.comparisons, id),
    String(row.file.result.protocol.seeds.length),
  ];
}

/** Δ to best single by n, dataset by dataset; below it on how many datasets above and below each rival. */
function unseen(all: readonly Cell[]): string[] {
  const cells = all.filter(isUnseen);
  const arms = Object.keys(NAMES).map((id) => ({
    id,
    of: cells.map((cell) => ({ cell, arms: ownArms(cell, id).filter((a) => a.n !== null) })),
  }));
  const sizes = [
    ...new Set(
      arms.flatMap(({ id, of }) =>
        of.flatMap(({ arms }) => arms.filter(({ router }) => router === id).map(({ n }) => n!))
      ),
    ),
  ].sort((a, b) => a - b);
  if (sizes.length === 0) return [];
  const gains = arms.flatMap(({ id, of }) =>
    of.filter(({ arms }) => arms.some(({ router }) => router === id)).map(({ cell, arms }) => [
      `${NAMES[id]}, ${cell.dataset}`,
      ...sizes.map((n) => {
        const found = armAt(arms, id, n)?.vsBestSingle;
        return found ? signed(found.difference) + sign(found) : DASH;
      }),
    ])
  );
  const rivals = arms.flatMap(({ id, of }) =>
    Object.entries(RIVALS).map(([rival, name]) => [
      `${NAMES[id]} against ${name}`,
      ...sizes.map((n) => {
        const found = of.flatMap(({ cell }) => armStanding(cell, id, n, rival));
        return found.length > 0 ? tally(found) : DASH;
      }),
    ])
  ).filter((row) => row.slice(1).some((cell) => cell !== DASH));
  const columns = (title: string) => columnsOf([title, ...sizes.map((n) => `n=${n}`)]);
  return [
    "Δ to best single by the same n labels, all models to choose from; + / −: significantly above / below.",
    markdownTable(columns("router, dataset"), gains),
    ...(rivals.length > 0
      ? [
        "On how many datasets significantly above (+) and below (−) a rival's own way with the same labels.",
        markdownTable(columns("own way against own way"), rivals),
      ]
      : []),
  ];
}

/** Stage 1 by dataset and embedding; empty where it was not run. */
function stage1Table(reports: readonly Stage1Report[]): string[] {
  if (reports.length === 0) return [];
  return [
    markdownTable(
      columnsOf([
        "dataset",
        "embedding",
        "texts",
        "steps",
        "own vector",
        "another's vector",
        "trained on shuffled pairs",
        "vector tells",
      ], 2),
      reports.map(({ dataset, embedding, trainingTexts, steps, loss }) => [
        dataset.name.replace(/\/all$/, "") + (dataset.synthetic ? " (synthetic)" : ""),
        embedding.name,
        trainingTexts.toLocaleString("en"),
        String(steps),
        ...[loss.own, loss.shuffled, loss.trainedShuffled].map((l) => digits(l)),
        digits(loss.trainedShuffled - loss.own),
      ]),
    ),
    "Nats a token on validation texts. Another's vector: the same network, vectors permuted among the texts. Trained " +
    "on shuffled pairs: a second network that can learn the language and nothing from vectors. Vector tells: its loss " +
    "less own vector's; 0 would mean that vectors are not read.",
  ];
}

/** A heading with its blocks, or nothing where there are none. */
function section(title: string, blocks: readonly string[], note?: string): string[] {
  if (blocks.length === 0) return [];
  return [`## ${title}`, ...blocks, ...(note ? [note] : [])];
}
