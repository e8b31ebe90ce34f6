/**
 * All pages of a folder of results.
 * @module
 */
import type { ReportFile } from "../../preferences/report.ts";
import type { Stage1Report } from "../../results/stage1.ts";
import { boardPage } from "./board_page.ts";
import type { ResultFile } from "./cells.ts";
import { controlsPage } from "./controls_page.ts";
import { datasetPage, folderOf } from "./dataset_page.ts";
import { iclPage } from "./icl_page.ts";
import { indexPage } from "./index_page.ts";
import { paperPage } from "./paper_page.ts";
import { preferencesPage } from "./preferences_page.ts";
import { repliesPage } from "./replies_page.ts";
import { variantsPages } from "./variants_page.ts";

/**
 * The pages by their path below the folder; the same files, in any order, give the same pages.
 *
 * @param files results of datasets that the repository knows, with cards where a row is ICL-Router's
 * @param stage1 what stage 1 learned, in printing order
 * @param preferences what matchers decided, in printing order
 * @param titleOf a dataset in a few words, by the name of its manifest
 */
export function pagesOf(
  files: readonly ResultFile[],
  stage1: readonly Stage1Report[],
  preferences: readonly ReportFile[],
  titleOf: (name: string) => string,
): Map<string, string> {
  const sorted = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const across: [string, string | undefined][] = [
    ["leaderboard.md", boardPage(sorted)],
    ["icl-router.md", iclPage(sorted, stage1)],
    ["paper-vs-ours.md", paperPage(sorted)],
    ["replies.md", repliesPage(sorted)],
    ["controls.md", controlsPage(sorted)],
    ...variantsPages(sorted),
    ["preferences.md", preferencesPage(preferences)],
  ];
  const pages = across.flatMap(([path, text]) => text === undefined ? [] : [[path, text] as const]);
  const datasets = [...Map.groupBy(sorted, folderOf)].map(([folder, own]) =>
    [
      `${folder}/README.md`,
      datasetPage(
        own,
        titleOf(own[0].result.dataset.name.split("/")[0]),
        pages.some(([path]) => path === `${folder}/variants.md`),
      ),
    ] as const
  );
  return new Map([
    ["README.md", indexPage(sorted, pages.map(([path]) => path))],
    ...pages,
    ...datasets,
  ]);
}
