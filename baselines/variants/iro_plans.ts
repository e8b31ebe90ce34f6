/** Controls and rivals of IRO (routing plans). */
import router from "../iro_plans.ts";
import type { Config } from "../_planner.ts";
import { blanked, type SequentialRouter } from "../../src/router/mod.ts";

/** β at which V alone decides: π_0 only says which actions there are. */
const GREEDY = 1e-6;

/** The same planner, to which every reply is empty: what it earns more than this, it reads. */
export const iro_plans_blanked: SequentialRouter<Config> = blanked(router);

/** The same with one visit: it sees the query alone. */
export const iro_plans_one_hop: SequentialRouter<Config> = {
  ...router,
  name: `${router.name}, one hop`,
  summary: "control: which one model to ask",
  grid: router.grid.map((config) => ({ ...config, hops: 1 })),
};

/** One value function, fitted on all rows to what plans of the frozen router earn; β tuned on validation rows. */
export const iro_plans_one_value: SequentialRouter<Config> = {
  ...router,
  name: `${router.name}, one value function`,
  summary: "control: one round on all rows in place of three on a third each",
  grid: [0.1, 0.03].map((beta): Config => ({ ...router.grid[0], beta, rounds: 1 })),
};

/** Learns from the plan that the search thinks best in place of the one that turned out to earn most. */
export const iro_plans_unlucky: SequentialRouter<Config> = {
  ...router,
  name: `${router.name}, no hindsight`,
  summary: "control: rounds 2 and 3 learn from the plan of the highest score, whatever it earned",
  grid: router.grid.map((config) => ({ ...config, keep: "highest score" as const })),
};

/** No frozen router: what whole plans earned that took an action, by regression; the action of the highest utility is taken. */
export const plan_utility: SequentialRouter<Config> = {
  ...router,
  name: "direct utility regression of plans",
  summary: "rival: the utility of whole random plans, given what is read and the next action",
  source: "control: utility regression with the network of IRO (routing plans)",
  statement:
    "Learns what plans drawn at random earned, at each of their steps, and takes the action of the highest predicted " +
    "utility. The frozen router draws the plans and is an input; it does not weigh actions. Network and inputs are those " +
    "of IRO (routing plans).",
  grid: [{ ...router.grid[0], rounds: 1, beta: GREEDY }],
};

/** No plan and no frozen router: the utility of answering with each model, given what is read; the best is taken. */
export const answer_utility: SequentialRouter<Config> = {
  ...router,
  name: "direct utility regression",
  summary: "rival: the utility of answering with each model at once, given what was read so far",
  source: "control: utility regression with the network of IRO (routing plans)",
  statement:
    "Learns from every possible answer after random visits; asks while a model not asked looks better than the replies " +
    "read, so it never asks only in order to know more. Network and inputs are those of IRO (routing plans).",
  grid: [{ ...router.grid[0], rounds: 1, beta: GREEDY, learns: "answers" }],
};
