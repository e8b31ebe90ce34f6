/**
 * `results/paper-vs-ours.md`: what papers and independent benchmarks reported of each router, in their
 * setting, beside what it does here, in ours, and why the two differ.
 * @module
 */
import { DASH } from "../tables/numbers.ts";
import {
  type Cell,
  cellsOf,
  counts,
  DATASETS,
  isPlain,
  type ResultFile,
  rowsOf,
  standingIn,
} from "./cells.ts";
import { meanOf, points, spreadOf } from "./points.ts";

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
  /** Rows that no committed result has, and where their figures are. */
  readonly elsewhere?: string;
}

/** † marks numbers read at their best point on test rows, ‡ what the abstract is generally quoted for. */
const REPORTS: readonly Report[] = [
  {
    ids: ["icl_router", "icl_router_plus", "profile_knn"],
    method: "ICL-Router, arXiv 2510.09719",
    paper:
      "76.3 in distribution, the best model of each dataset 73.2, by accounts of it (more: results/icl-router.md)",
    independent: "RouteFM: below the model that looks best at every record length",
    why:
      "a small transformer learns from a few thousand queries (on a pre-trained language model: " +
      "results/icl-router.md); kNN over the profile has the records without the transformer",
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
    ids: ["graph_router", "graph_router_label"],
    method: "GraphRouter, arXiv 2410.03834",
    paper: "utility in three cost scenarios; split by position within a task",
    independent:
      "LLMRouterBench† 70.3 on 20 small models; 13 flagship models† PerfGain +2.8%, CostSave −20%",
    why:
      "no descriptions of models or tasks in our data: learned vectors in their place; one row guesses the " +
      "task, the other reads the label; no choosing among seeds",
  },
  {
    ids: ["irt_router"],
    method: "IRT-Router (MIRT), arXiv 2506.01048",
    paper: "accuracy-cost reward on its own pool ‡",
    independent: "RouterArena: 66.9 accuracy at $0.15 per 1,000 queries",
    why: "abilities are free vectors here, not read from descriptions",
  },
  {
    ids: ["irt_router_neural"],
    method: "IRT-Router (NIRT), arXiv 2506.01048",
    paper: "accuracy-cost reward on its own pool ‡",
    independent: DASH,
    why:
      "which skills a query asks for is learned here, there tagged by a language model; abilities are free vectors",
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
    ids: ["lookahead"],
    method: "Lookahead, arXiv 2510.19506",
    paper: "+7.7% on average over the best other router, seven benchmarks, five models ‡",
    independent: DASH,
    why:
      "there ModernBERT learns to write the first 64 tokens of each reply; here a small network on a frozen " +
      "embedding foresees features of the replies",
  },
  {
    ids: ["router_r1"],
    method: "Router-R1, arXiv 2506.09033",
    paper:
      "exact match on seven question sets, Qwen2.5-3B: mean 41.6, largest model 33.8, RouterDC 31.4, kNN 26.5; 1.0 to " +
      "1.4 calls a question",
    independent: DASH,
    why:
      "no language model that splits the question, joins replies or writes an answer: replies on record, to the whole " +
      "question",
    elsewhere: "Router-R1 (table): one seed, docs/methods/router-r1.md",
  },
  {
    ids: ["iro", "iro_plans"],
    method: "IRO, arXiv 2506.17828",
    paper:
      "steers texts, not routes: AlpacaEval 2, length-controlled, Llama-3-8B 30.7 → 43.8, 70B 43.1 → 49.8",
    independent: DASH,
    why: "a plan of visits in place of a text, the recorded score in place of a reward model",
    elsewhere: "IRO (routing plans): one seed, docs/methods/iro.md",
  },
  {
    ids: ["rag_router"],
    method: "RAGRouter, arXiv 2505.23052",
    paper: "five question sets with documents: 64.5 (best single 60.9, kNN 60.4, oracle 76.8)",
    independent: DASH,
    why: "no cross-encoder and encoders not fine-tuned; documents of one small model's table alone",
    elsewhere: "on PubMedQA, a small model under three prompts: docs/methods/rag-router.md",
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
    ids: ["omni_router"],
    method: "OmniRouter, arXiv 2502.20576",
    paper: "up to 6.3% more right answers than other routers, at 10.15% less cost or better ‡",
    independent: DASH,
    why:
      "ridge in place of its trained predictor; no allocation of a whole batch under constraints, nor " +
      "predicted costs",
  },
  {
    ids: ["knn", "guarded_knn", "ridge", "logistic", "mlp", "mlp_ensemble", "svm"],
    method: "the classics",
    paper: "RouterEval, share of best single's score: linear 1.011, MLP .999, kNN (k = 5) .956",
    independent: "kNN paper: kNN (k = 100) 52.7, MLP 51.7, GNN 51.8 AUC: tuned kNN is enough",
    why: "the verdict on kNN follows k, which is tuned here",
  },
];

/** Protocols of the page. */
const PROTOCOLS: Readonly<Record<string, string>> = { id: "ID", ood: "OOD" };

/** A method with what is known of it, line by line. */
export interface PaperSection {
  /** Method and source. */
  readonly title: string;
  /** What a line says, and the line. */
  readonly lines: readonly (readonly [label: string, text: string])[];
}

/**
 * What is on record of every method, and what it does in these cells.
 * @param cells where every method is looked for
 * @param priced where those that need prices are
 */
export function paperSections(cells: readonly Cell[], priced: readonly Cell[]): PaperSection[] {
  return REPORTS.map(({ ids, method, paper, independent, why, elsewhere }) => {
    const own = ids.flatMap((id) => {
      const plain = ours(cells, id);
      if (plain !== "") return [plain];
      const dear = ours(priced, id);
      return dear === "" ? [] : [`${dear}, on the views with prices`];
    });
    return {
      title: method,
      lines: [
        ["The paper", paper],
        ...(independent === DASH ? [] : [["Others", independent] as const]),
        ["Here", [...own, ...elsewhere ? [elsewhere] : []].join("; ") || "not run"],
        ["Why they may differ", why],
      ],
    };
  });
}

/** What the marks in the sections mean. */
export const PAPER_NOTE: string =
  "Numbers measured in different settings must not be compared with each other. † chosen at its best point on test " +
  "rows. ‡ what the abstract is generally quoted for, not checked against the paper. Here: difference to the best " +
  "single model in points of score, mean over datasets, least and greatest in brackets.";

/** The page. */
export function paperPage(files: readonly ResultFile[]): string {
  const cells = cellsOf(files), own = cells.filter(counts);
  return [
    "# Paper said, we got",
    ...answer(own),
    "Independent benchmarks agree with the outline: good routers stand within one or two points of each other and near " +
    "the best model per dataset.",
    `${PAPER_NOTE} Made by \`deno task pages\` from the recorded datasets, static embedding.`,
    ...paperSections(own, cells.filter(isPricedView)).flatMap(({ title, lines }) => [
      `## ${title}`,
      lines.map(([label, text]) => `- **${label}:** ${text}`).join("\n"),
    ]),
  ].join("\n\n") + "\n";
}

/** A plain view with prices of a dataset that counts. */
export function isPricedView(cell: Cell): boolean {
  return isPlain(cell) && cell.files[0].result.dataset.priced &&
    DATASETS.some((name) => name.split("/")[0] === cell.dataset.split("/")[0]);
}

/** How many of the page's rows gain anything on average. */
function answer(cells: readonly Cell[]): string[] {
  const means = (protocol: string): number[] =>
    REPORTS.flatMap(({ ids }) => ids).flatMap((id) =>
      meanOf(
        cells.filter((cell) => cell.protocol === protocol)
          .flatMap((cell) => standingIn(cell, id) ?? []),
      ) ?? []
    );
  const said = (protocol: string, where: string): string[] => {
    const of = means(protocol);
    return of.length === 0 ? [] : [
      `on ${where} benchmarks for ${
        of.filter((mean) => mean > 0).length
      } of ${of.length} routers (at most ${points(Math.max(...of))} points)`,
    ];
  };
  const parts = [...said("id", "known"), ...said("ood", "unseen")];
  return parts.length === 0 ? [] : [
    "Here the mean difference to the best single model is above zero " +
    `${parts.join(", ")} ([leaderboard](leaderboard.md)).`,
  ];
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
