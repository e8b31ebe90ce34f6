/**
 * `results/preferences.md`: how well requests are matched to routes, and whether routing between retrieval experts
 * pays.
 * @module
 */
import type { Cell, MatchingRow } from "../../preferences/matching.ts";
import { MATCHERS } from "../../preferences/matchers.ts";
import type { ReportFile } from "../../preferences/report.ts";
import { digits, percent, signed } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";
import { MATCHER_COLUMNS, matcherCells, sampledSection } from "./sampled_section.ts";

/** The page; undefined without a file. */
export function preferencesPage(files: readonly ReportFile[]): string | undefined {
  if (files.length === 0) return undefined;
  return [
    "# Preferences: routes in words, and retrieval experts",
    ...files.map(answer),
    "CLINC150 (Larson and others 2019, CC BY 3.0): 150 kinds of requests in ten domains, and requests out of " +
    "scope. No model's answers are involved: what counts is whether a request is matched to the route a user " +
    "wants for it. Made by `deno task preferences`; `deno task preferences --verify` computes every number " +
    "again from the stored decisions. 95% intervals; the seeds of a request are resampled together.",
    ...files.flatMap(tables),
    "## How to read it",
    "**Routes.** *Right route*: of the 150, requests in scope. *Right domain*: the chosen route belongs to " +
    "it. *Out of scope*: such requests called `other`. *Forced*: right route if nothing is called `other` for " +
    "too little support. *Domains only*: the list holds the ten domains alone (out of scope in brackets). The " +
    "support below which a route is `other`, and a matcher's setting, are chosen on validation requests: the " +
    "best mean of the share in scope that is right and the share out of scope that is noticed. Descriptions " +
    "are [one line each](../datasets/clinc150/routes.json), written by hand from the intents' names. The " +
    "cosine matcher stands where Arch-Router has a trained language model, and is not Arch-Router; its 93% on " +
    "conversations are no number to compare with.",
    "**Experts.** Documents are the training requests, those of a request's intent are relevant. An expert is " +
    "a head of rank 8 on the query side of the frozen encoder, trained contrastively on one domain. " +
    "RouterRetriever keeps, for every domain and expert, the mean vector of the training requests at which " +
    "the expert is best (its pilot embeddings), and asks the expert whose pilots are closest on average " +
    "(text) or the closest (code). Departures: no LoRA weights inside the encoder, one corpus for all " +
    "domains, pilots of 20 training requests an intent. *Best single expert*: on validation requests. " +
    "*Oracle*: the best expert of every request, known beforehand.",
    "**Downstream.** The [policy table](../docs/methods/classic.md#policy-table-after-arch-router) matches by " +
    "mean queries, as its row here does; what it is worth in score on pools of models is in " +
    "[leaderboard.md](leaderboard.md).",
  ].join("\n\n") + "\n";
}

function answer({ report: { embedding, matching, retrieval } }: ReportFile): string {
  const right = (matcher: string): string => {
    const found = matching.rows.find((r) => r.level === "actions" && r.matcher === matcher);
    return `${percent(found?.exact.mean)} (${
      percent(found?.forced.mean)
    } if it may not say \`other\`)`;
  };
  const value = (id: string): string =>
    digits(retrieval.rows.find((row) => row.id === id)?.ndcg.mean);
  return `**\`${embedding.name}\`: a description in words finds the right one of 150 routes for ${
    right("descriptions")
  } of the requests, five example requests for ${
    right("examples")
  }, logistic regression on a hundred for ${
    right("logistic")
  }. RouterRetriever's rule reaches an nDCG@10 of ${
    value("RouterRetriever (mean)")
  } by its text and ${value("RouterRetriever (max)")} by its code. The frozen encoder has ${
    value("frozen encoder")
  }, one head for all domains ${value("one head for all domains")}, the best single expert ${
    value("best single expert")
  }, the expert of the domain that kNN guesses ${
    value("expert of the domain that kNN guesses")
  }, the oracle ${value("oracle")}.**`;
}

function tables({ path, report, speed, sampled }: ReportFile): string[] {
  const { embedding, matching, retrieval, command, seeds } = report;
  const duration = (microseconds: number): string => `${microseconds.toFixed(0)} µs`;
  const rows = (level: MatchingRow["level"]): MatchingRow[] =>
    matching.rows.filter((row) => row.level === level);
  return [
    `## Route accuracy, \`${embedding.name}\``,
    markdownTable(
      columnsOf(
        [...MATCHER_COLUMNS, "time a query"],
        2,
      ),
      rows("actions").map((row) => {
        const { id, name, knows } = MATCHERS.find(({ id }) => id === row.matcher)!;
        const wide = rows("domains").find(({ matcher }) => matcher === id)!;
        const time = duration(speed.matching[id].p50Microseconds);
        return [...matcherCells(name, knows, row, wide), time];
      }),
    ),
    `Time: median of single queries that are encoded already; encoding one takes ${
      duration(speed.encodeMicroseconds)
    } more; clocks are those of one machine under load. Examples are drawn under ` +
    `${seeds.length} seeds; the others draw nothing.`,
    ...sampled.flatMap((file) => sampledSection(path.split("/")[0], file)),
    `## RouterRetriever between retrieval experts, \`${embedding.name}\``,
    markdownTable(
      columnsOf(["choice", "nDCG@10", "Δ best single", "Δ frozen", "own domain's expert"]),
      retrieval.rows.map(({ id, ndcg, toSingle, toFrozen, home }) => [
        ...[id, plain(ndcg, digits), plain(toSingle, signed), plain(toFrozen, signed)],
        percent(home),
      ]),
    ),
    `${seeds.length} seeds. File: [${path}](${path}), made by \`${command}\`.`,
  ];
}

function plain({ mean, low, high }: Cell, shown: (value: number) => string): string {
  return low === null ? shown(mean) : `${shown(mean)} [${shown(low)}, ${shown(high!)}]`;
}
