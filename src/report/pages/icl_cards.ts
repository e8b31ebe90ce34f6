/**
 * The lower part of the ICL-Router page: what stage 1 learned, what fitted routers say of themselves, and
 * which files all of it is from.
 * @module
 */
import type { Stage1Report } from "../../results/stage1.ts";
import { cardOf, type Cell, type IclFile, labelOf } from "./icl_cells.ts";
import { markdownTable, wrapped } from "../tables/text_table.ts";

/** Stage 1 by dataset and embedding; empty where it was not run. */
export function stage1Table(reports: readonly Stage1Report[]): string[] {
  if (reports.length === 0) return [];
  const right = (title: string) => ({ title, align: "right" as const });
  const table = markdownTable(
    [
      { title: "dataset" },
      { title: "embedding" },
      { title: "preset" },
      ...[
        "seed",
        "texts (training / validation)",
        "vocabulary",
        "steps",
        "own vector",
        "another's vector",
      ].map(right),
      ...["trained on shuffled pairs", "vector tells"].map(right),
    ],
    reports.map((r) => [
      r.dataset.name.replace(/\/all$/, "") + (r.dataset.synthetic ? " (synthetic)" : ""),
      r.embedding.name,
      r.preset,
      String(r.seed),
      `${r.trainingTexts} / ${r.validationTexts}`,
      String(r.vocabulary),
      String(r.steps),
      ...[r.loss.own, r.loss.shuffled, r.loss.trainedShuffled].map((loss) => loss.toFixed(3)),
      (r.loss.trainedShuffled - r.loss.own).toFixed(3).replace("-", "−"),
    ]),
  );
  const samples = reports.flatMap(({ dataset, embedding, samples = [] }) =>
    samples.length === 0 ? [] : [
      `What the network writes from five validation vectors of ${dataset.name} (${embedding.name}), ` +
      "likeliest token by token:",
      "```text\n" + samples.map(({ text, written }) =>
        `${shown("text", text)}\n${shown("written", written)}`
      ).join("\n\n") + "\n```",
    ]
  );
  return [
    table,
    "Nats a token on validation texts. " +
    "Another's vector: the same network, vectors permuted among the texts. Trained on shuffled pairs: a " +
    "second network that can learn the language and nothing from vectors. Vector tells: that one's loss − " +
    "own vector's; 0 would mean that vectors are not read.",
    ...samples,
  ];
}

/** Controls that are the method's own network, shown other records: their cards say nothing new. */
const SAME_NETWORK = ["icl_shuffled_record", "icl_another_record"];

/** Cards of the ICL rows on the first split of every cell. */
export function cardsTable(cells: readonly Cell[]): string[] {
  const rows = cells.flatMap((cell) => {
    const ids = new Set(cell.files.flatMap(({ cards }) => cards.map(({ router }) => router)));
    return [...ids].filter((id) => id.startsWith("icl_") && !SAME_NETWORK.includes(id)).sort().map(
      (id) => {
        const { parameters, notes } = cardOf(cell, id)!;
        return [
          `${labelOf(cell)}, ${cell.protocol}`,
          id,
          parameters.toLocaleString("en"),
          notes.join("; "),
        ];
      },
    );
  });
  if (rows.length === 0) return [];
  return [markdownTable(
    [
      { title: "dataset, protocol" },
      { title: "router" },
      { title: "parameters", align: "right" },
      { title: "first split" },
    ],
    rows,
  )];
}

/** The files read, with the commands that made them and a warning where the code was not the same. */
export function filesList(
  files: readonly IclFile[],
  stage1: readonly Stage1Report[],
): string[] {
  const versions = new Set([
    ...files.map(({ result }) => result.harness.sha256),
    ...stage1.map(({ harness }) => harness.sha256),
  ]);
  const lines = files.map(({ path, result }) =>
    `- \`${path}\`, harness ${result.harness.sha256.slice(0, 8)}: \`${result.command}\``
  );
  return [
    ...(versions.size > 1
      ? [`These were made by ${versions.size} states of the harness code (first 8 digits below).`]
      : []),
    [
      ...lines,
      ...stage1.map(({ command, harness }) =>
        `- stage 1, harness ${harness.sha256.slice(0, 8)}: \`${command}\``
      ),
    ].join("\n"),
  ];
}

/** A text in a code block: one paragraph, broken at 90 columns, without back-quotes that could end it. */
function shown(title: string, text: string): string {
  const plain = text.replace(/\s+/g, " ").replaceAll("```", "'''").trim();
  return wrapped(`${title}: ${plain}`, 90, "  ").join("\n");
}
