/**
 * Fixture F1, eight queries worked out by hand, as records, decisions and a run.
 */
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { F1 as OUTCOMES, F1_CHOICE, L, M, S } from "../metrics/fixtures.ts";
import {
  always,
  choices,
  type Decider,
  type HandRun,
  handRun,
  mixtures,
  notApplicable,
} from "./fixture.ts";

export { F1_CHOICE, L, M, S };

/** Models of F1, cheapest first and ascending. */
export const MODELS = ["a-small", "b-medium", "c-large"];
const TEXTS = [
  "Who painted the ceiling of the chapel?",
  "Name a river in Patagonia.",
  "What does a barometer measure?",
  "Translate 'good evening' into Danish.",
  "Which gas do leaves take in?",
  "Prove that the sum of two odd numbers is even.",
  "How many sides has a heptagon?",
  "Simplify the fraction twelve over eighteen.",
];

/** Fixture F1: S, M, L at 1, 4 and 10 dollars a call; a1…a5, b1…b3. */
export const F1: OutcomeRecord[] = TEXTS.map((query, i) => ({
  id: i < 5 ? `a${i + 1}` : `b${i - 4}`,
  benchmark: i < 5 ? "A" : "B",
  query,
  scores: byModel(OUTCOMES.scores, i),
  costs: byModel(OUTCOMES.costs!, i),
}));

function byModel(cells: Float64Array, row: number): Record<string, number> {
  return Object.fromEntries(MODELS.map((model, m) => [model, cells[row * MODELS.length + m]]));
}

/** References on F1: best single is L, hull S–M–L. */
export const F1_REFERENCES: Readonly<Record<string, Decider>> = {
  random: mixtures([1 / 3, 1 / 3, 1 / 3]),
  cheapest: always(S),
  dearest: always(L),
  "best-single": always(L),
  "best-per-benchmark": choices([
    [{ kind: "headline" }, (row) => row < 5 ? M : L],
    [{ kind: "curve", at: 0 }, (row) => row < 5 ? M : L],
    [{ kind: "curve", at: "Infinity" }, () => S],
  ]),
  "zero-router": mixtures([0, 0, 1], [0, 1, 0], [1, 0, 0]),
  "bayes-optimal": notApplicable("needs the true probabilities of synthetic data"),
};

/** F1's router: its choices, and a curve from there to the cheapest model. */
export const F1_ROUTER: Decider = choices(
  [
    [{ kind: "headline" }, (row) => F1_CHOICE[row]],
    [{ kind: "curve", at: 0 }, (row) => F1_CHOICE[row]],
    [{ kind: "curve", at: "Infinity" }, () => S],
  ],
  {
    score: 0,
    area: 0,
    trials: [{ score: 0.5, area: 0.5 }],
    operating: { sameQuality: 0, halfCost: 1 },
  },
);

/** F1 through the whole pipeline: five folds that together test every query once. */
export function f1Run(
  folder: string,
  change: Partial<HandRun> = {},
): ReturnType<typeof handRun> {
  return handRun(folder, {
    records: F1,
    references: F1_REFERENCES,
    routers: { hand: F1_ROUTER },
    ...change,
  });
}
