/**
 * `results/paper-vs-ours.md`: what papers and independent benchmarks reported of each router, in their
 * setting, beside what it does here, in ours, and why the two differ.
 * @module
 */
import { type Cell, cellsOf, counts, type IclFile, rowsOf } from "./icl_cells.ts";
import { standingIn } from "./board_rows.ts";
import { spreadOf } from "./icl_numbers.ts";
import { DASH } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** What is on record of a method. */
interface Report {
  /** Its rows here, by router id. */
  readonly ids: readonly string[];
  /** Method and source. */
  readonly method: string;
  /** The authors' own numbers, with their setting. */
  readonly paper: string;
  /** Other people's measurements. */
  readonly independent: string;
  /** Why ours may differ. */
  readonly why: string;
}

/** † marks numbers read at their best point on test rows, ‡ what the abstract is generally quoted for. */
const REPORTS: readonly Report[] = [
  {
    ids: ["icl_router", "icl_router_plus"],
    method: "ICL-Router, arXiv 2510.09719",
    paper: "see icl-router.md, where its own table is",
    independent: "RouteFM: below the model that looks best at every record length",
    why:
      "no pre-trained language model here; a small transformer learns from a few thousand queries",
  },
  {
    ids: ["routerdc"],
    method: "RouterDC, arXiv 2409.19886",
    paper:
      "seven 7B models: ID 58.5, OOD 45.9; best single 54.6 and 44.0, best per dataset (on test) " +
      "58.7 and 46.4: just below the latter on both",
    independent:
      "LLMRouterBench† 61.3 (best single ≈ 69.2); RAGRouter paper 56.7 (best single 60.9); " +
      "ICL-Router paper 72.3 (best per dataset 73.2)",
    why:
      "here a head on a frozen encoder; there the encoder itself is trained, on five datasets that " +
      "differ much in which model is good",
  },
  {
    ids: ["uniroute", "uniroute_learned"],
    method: "UniRoute, arXiv 2502.08773",
    paper:
      "unseen models, Area / QNC: EmbedLLM K-means .649 / 34%, LearnedMap .652 / 33%, kNN .636 / 46%, " +
      "zero router .607 / 88%; RouterBench QNC 99%",
    independent: "CSCR's run: behind a Thompson-sampling baseline on prompts out of distribution",
    why: "larger pools there (112 models on EmbedLLM), Gecko embeddings; no official code",
  },
  {
    ids: ["model_sat"],
    method: "Model-SAT, arXiv 2502.17282",
    paper:
      "five small models: mean 75.3, best single 71.4, best per dataset 74.2; the gain over best per " +
      "dataset is large on one in-distribution set only (MMLU +4.0)",
    independent: "LLMRouterBench† 71.9 (best per dataset 73.1); ICL-Router paper 71.7 (73.2)",
    why:
      "there a tuned language model reads the description in words; here a small network reads a vector",
  },
  {
    ids: ["embedllm", "embedllm_knn"],
    method: "EmbedLLM, arXiv 2410.02223",
    paper: "its code prints test accuracy every epoch and keeps no validation set",
    independent:
      "LLMRouterBench† 71.2 (best single ≈ 69.2, best per dataset 73.1); kNN paper: matrix " +
      "factorisation loses 6.7 under shift, kNN 2.6",
    why: "configuration chosen on validation rows here",
  },
  {
    ids: ["graph_router"],
    method: "GraphRouter, arXiv 2410.03834",
    paper: "utility in three cost scenarios; split by position within a task",
    independent:
      "LLMRouterBench† 70.3 on 20 small models; 13 flagship models† PerfGain +2.8%, CostSave −20%",
    why:
      "no descriptions of models or tasks in our data: learned vectors in their place; no choosing " +
      "among seeds",
  },
  {
    ids: ["irt_router"],
    method: "IRT-Router (MIRT), arXiv 2506.01048",
    paper: "accuracy-cost reward on its own pool ‡",
    independent: "RouterArena: 66.9 accuracy at $0.15 per 1,000 queries",
    why: "abilities are free vectors here, not read from descriptions",
  },
  {
    ids: ["carrot_knn", "carrot_ridge"],
    method: "CARROT, arXiv 2502.03261",
    paper: "plug-in rule near the best achievable trade-off on SPROUT ‡",
    independent: DASH,
    why: "costs are scaled to the dearest model here; its regression heads are RoBERTa, ours ridge",
  },
  {
    ids: ["routellm_mf", "routellm_mf_pair"],
    method: "RouteLLM-MF, arXiv 2406.18665",
    paper:
      "two models, human preference data: half the calls saved at 95% of GPT-4's quality on MT-Bench ‡",
    independent: "LLMRouterBench, flagship models: PerfGain +2.6%, CostSave +11%",
    why: "trained on which of two scores is higher, not on preferences; no augmentation by judges",
  },
  {
    ids: ["hybrid_llm"],
    method: "HybridLLM, arXiv 2404.14618",
    paper: "up to 40% fewer calls to the large model with no drop in quality ‡",
    independent: "LLMRouterBench, flagship models: PerfGain −12.7%",
    why: "one recorded draw a model: no probabilistic labels but where there are repeats",
  },
  {
    ids: ["cascade"],
    method: "FrugalGPT, arXiv 2305.05176",
    paper: "matches the best model at up to 98% less cost, with a scorer that reads replies ‡",
    independent: "LLMRouterBench, flagship models: PerfGain −9.5%",
    why: "no replies in the records: ours scores the query alone",
  },
  {
    ids: ["router_retriever", "router_retriever_mean"],
    method: "RouterRetriever, arXiv 2409.02685",
    paper:
      "routing between retrieval experts, nDCG 49.6 (single model 47.5, oracle per query 57.6)",
    independent: DASH,
    why: "never measured on language models before",
  },
  {
    ids: ["avengers", "avengers_pro"],
    method: "Avengers, arXiv 2505.19797; Avengers-Pro, arXiv 2508.12631",
    paper: "with self-consistency ID 70.5 (best single 60.9), OOD 74.4 (68.0)",
    independent:
      "LLMRouterBench: Avengers 71.9 (best per dataset 73.1); Avengers-Pro PerfGain +4.0%, " +
      "CostSave +32%",
    why: "routing only here, without repeated sampling",
  },
  {
    ids: ["knn", "ridge", "logistic", "mlp", "svm"],
    method: "the classics",
    paper: "RouterEval, share of best single's score: linear 1.011, MLP .999, kNN (k = 5) .956",
    independent: "kNN paper: kNN (k = 100) 52.7, MLP 51.7, GNN 51.8 AUC: tuned kNN is enough",
    why: "the verdict on kNN follows k, which is tuned here",
  },
];

/** Protocols of the page. */
const PROTOCOLS: Readonly<Record<string, string>> = { id: "ID", ood: "OOD" };

/** The page. */
export function paperPage(files: readonly Omit<IclFile, "cards">[]): string {
  const cells = cellsOf(files.map((file) => ({ ...file, cards: [] }))).filter(counts);
  return [
    "# Paper said, we got",
    "Generated by `deno task leaderboard`; do not edit. Left: what is on record, in the setting of whoever " +
    "measured it; numbers of different settings must not be compared with each other. Right: ours, the " +
    "difference to the best single model (chosen on training and validation rows) in points of score, mean, " +
    "least and greatest of the recorded datasets, static embedding. † chosen at its best point on test rows. ‡ " +
    "what the abstract is generally quoted for; the number was not checked against the paper.",
    markdownTable(
      ["method", "paper", "independent", "ours", "why they may differ"].map((title) => ({ title })),
      REPORTS.map(({ ids, method, paper, independent, why }) => [
        method,
        paper,
        independent,
        ids.map((id) => ours(cells, id)).filter((text) => text !== "").join("; ") || "not run",
        why,
      ]),
    ),
    "Independent benchmarks agree on the outline: good routers stand within one or two points of each other " +
    'and near "best model per dataset". Ours does too, see leaderboard.md.',
  ].join("\n\n") + "\n";
}

function ours(cells: readonly Cell[], id: string): string {
  const name = cells.flatMap((cell) => cell.files).flatMap(({ result }) => result.routers)
    .find((r) => r.id === id)?.name;
  const parts = Object.entries(PROTOCOLS).flatMap(([protocol, title]) => {
    const found = cells.filter((cell) => cell.protocol === protocol && rowsOf(cell).has(id))
      .flatMap((cell) => standingIn(cell, id)?.difference ?? []);
    return found.length > 0 ? [`${title} ${spreadOf(found)}`] : [];
  });
  return parts.length > 0 ? `${name}: ${parts.join(", ")}` : "";
}
