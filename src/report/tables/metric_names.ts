/**
 * Every metric of a result by its key: what it is called, which way is better, in what unit, and whose
 * definition it is. In the order of the story: quality, gains, gap, cost, curve, routing.
 * @module
 */

/** What to know of a metric before reading its number. */
export interface MetricName {
  /** Short name, a table's heading. */
  readonly title: string;
  /** Which way is better; empty: neither, read it beside quality. */
  readonly direction: "↑" | "↓" | "";
  /**
   * `score`: in score units. `share`: a fraction, printed as percent. `usd`: US dollars a query, printed
   * per 1,000. `count`: bits or models, a plain number.
   */
  readonly unit: "score" | "share" | "usd" | "count";
  /** Where the definition comes from. */
  readonly source: string;
  /** What it says, in one line. */
  readonly meaning: string;
}

/** Metrics that are read together. */
export interface MetricGroup {
  /** Heading. */
  readonly title: string;
  /** By key, in reading order. */
  readonly metrics: Readonly<Record<string, MetricName>>;
}

/** All metrics of a result, group by group. */
// deno-fmt-ignore: a table
export const METRIC_GROUPS: readonly MetricGroup[] = [
  { title: "Quality", metrics: {
    quality: name("quality", "↑", "score", "AvgAcc", "mean score, every query counts the same"),
    quality_dataset_mean: name("dataset mean", "↑", "score", "AvgAcc of LLMRouterBench",
      "mean score, every benchmark counts the same"),
    quality_default_config: name("untuned", "↑", "score", "ours",
      "mean score of the router's default configuration"),
    v_b: name("V_B", "↑", "share", "RouterEval", "quality ÷ that of the best single model"),
    v_b_hindsight: name("V_B hindsight", "↑", "share", "RouterEval",
      "the same, best single model chosen on the test rows"),
  } },
  { title: "Gains", metrics: {
    gain_best_single: name("Gain@B", "↑", "share", "LLMRouterBench",
      "gain over the best single model, mean of the benchmarks' ratios"),
    gain_best_single_sample_means: name("Gain@B of sample means", "↑", "share", "another convention",
      "the same as the ratio of sample means"),
    gain_best_single_dataset_means: name("Gain@B of dataset means", "↑", "share", "another convention",
      "the same as the ratio of dataset means"),
    gain_random: name("Gain@R", "↑", "share", "LLMRouterBench",
      "gain over a random choice, mean of the benchmarks' ratios"),
    gain_random_sample_means: name("Gain@R of sample means", "↑", "share", "another convention",
      "the same as the ratio of sample means"),
    gain_random_dataset_means: name("Gain@R of dataset means", "↑", "share", "another convention",
      "the same as the ratio of dataset means"),
  } },
  { title: "Gap to the oracle", metrics: {
    gap_closed: name("gap closed", "↑", "share", "ours",
      "share of the way from best single to oracle; negative below best single"),
    gap_closed_dataset_mean: name("gap closed, dataset means", "↑", "share", "ours",
      "the same from dataset means"),
    gap_to_oracle: name("Gap@O", "↓", "share", "LLMRouterBench",
      "1 − quality ÷ oracle, of dataset means"),
    gap_to_oracle_sample_means: name("Gap@O of sample means", "↓", "share", "another convention",
      "the same of sample means"),
    gap_to_oracle_dataset_ratios: name("Gap@O, mean of ratios", "↓", "share", "another convention",
      "the same as mean of the benchmarks' ratios"),
    opt_acc: name("Opt.Acc", "↑", "share", "RouterArena",
      "score ÷ oracle's score on the queries that some model solves"),
    opt_sel: name("Opt.Sel", "↑", "share", "RouterArena",
      "share of those queries on which the cheapest right model was chosen"),
  } },
  { title: "Cost", metrics: {
    cost: name("$/1k", "↓", "usd", "ours", "US dollars per 1,000 queries, at λ = 0"),
    opt_cost: name("Opt.Cost", "↑", "share", "RouterArena",
      "oracle's cost ÷ the router's, on the queries it gets right"),
    above_hull: name("above zero router", "↑", "score", "RouterBench",
      "quality − that of coin flips between single models at the same cost"),
    arena_score: name("Arena score", "↑", "score", "RouterArena",
      "quality and absolute cost in one number"),
  } },
  { title: "Curve, at the points chosen on validation rows", metrics: {
    same_quality_at_val: name("quality at *same*", "↑", "score", "ours",
      "*same*: the cheapest point that keeps best single's quality on validation"),
    same_quality_cost_at_val: name("$/1k at *same*", "↓", "usd", "ours", "what it costs on test"),
    cost_save_val: name("CostSave", "↑", "share", "LLMRouterBench, chosen on validation",
      "1 − that cost ÷ best single's"),
    perf_gain_val: name("PerfGain", "↑", "share", "LLMRouterBench, chosen on validation",
      "that quality ÷ best single's − 1"),
    half_cost_quality_at_val: name("quality at *half*", "↑", "score", "ours",
      "*half*: the best point at half of best single's cost on validation"),
    half_cost_cost_at_val: name("$/1k at *half*", "↓", "usd", "ours", "what it costs on test"),
  } },
  { title: "Curve, as a whole", metrics: {
    area: name("Area", "↑", "score", "UniRoute",
      "area under the deferral curve, up to the dearest model's cost"),
    area_50: name("Area(50%)", "↑", "score", "UniRoute", "the same up to half of that cost"),
    qnc: name("QNC", "↓", "share", "UniRoute",
      "cost at which the curve reaches best single's quality ÷ its cost; – if never, (4/5) if in 4 of 5 seeds"),
    nauc_orbit: name("nAUC", "↑", "score", "ORBIT",
      "area to the best single's cost, nothing added on the left"),
    aiq_common: name("AIQ common", "↑", "score", "ours, after RouterBench",
      "area under the curve's hull between the cheapest and the dearest model"),
    aiq_paper: name("AIQ paper", "↑", "score", "RouterBench, paper",
      "the same over the curve's own range; rewards a short one"),
    aiq_code: name("AIQ code", "↑", "score", "RouterBench, code",
      "the same from 0 to the largest cost of any row; changes with the rows"),
    pareto_ratio: name("ParetoRatio", "↑", "share", "LLMRouterBench",
      "share of the curve's points on the frontier of all rows; changes with the rows"),
    pareto_distance: name("ParetoDist", "↓", "score", "LLMRouterBench",
      "mean distance of its points to that frontier, both axes scaled to 0…1"),
  } },
  { title: "Curve, at points chosen on the test rows: optimistic", metrics: {
    peak_hindsight: name("peak", "↑", "score", "UniRoute, CSCR, ORBIT",
      "best quality on the curve"),
    perf_gain_hindsight: name("PerfGain", "↑", "share", "LLMRouterBench",
      "that quality ÷ best single's − 1"),
    cost_save_hindsight: name("CostSave", "↑", "share", "LLMRouterBench",
      "1 − cost of the cheapest point with best single's quality ÷ its cost; – if never, (4/5) if in 4 of 5 seeds"),
    qnc_hindsight: name("QNC", "↓", "share", "UniRoute's port, ORBIT",
      "as above, best single model chosen on the test rows"),
  } },
  { title: "Two models", metrics: {
    apgr: name("APGR", "↑", "score", "RouteLLM",
      "mean share of the gap from weak to strong model closed, over call rates; random .5"),
    cpt_20: name("CPT(20%)", "↓", "share", "RouteLLM", "calls needed to close 20% of that gap"),
    cpt_50: name("CPT(50%)", "↓", "share", "RouteLLM", "calls needed to close 50%"),
    cpt_80: name("CPT(80%)", "↓", "share", "RouteLLM", "calls needed to close 80%"),
  } },
  { title: "Routing", metrics: {
    collapse: name("top model", "", "share", "ours",
      "share of queries sent to the most used model"),
    effective_models: name("models in use", "", "count", "2^entropy",
      "as many models used evenly have the same entropy"),
    entropy_bits: name("entropy", "", "count", "Shannon", "of the choices, in bits"),
    entropy_normalised: name("entropy, normalised", "", "share", "Shannon",
      "as a share of the largest possible"),
    rci: name("RCI", "↓", "share", "ORBIT",
      "share of queries sent to a dearest model needlessly, or to one that is not best"),
  } },
];

function name(
  title: string,
  direction: MetricName["direction"],
  unit: MetricName["unit"],
  source: string,
  meaning: string,
): MetricName {
  return { title, direction, unit, source, meaning };
}
