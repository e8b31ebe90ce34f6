/**
 * The synthetic world: ten invented models, how well they do what, and the chance that they solve a query.
 *
 * A two-parameter item response model with several skills. Model m solves query i with probability
 *
 *     P = g + (1 − g) · sigmoid(a · (skill − (w + slope) · d − b − σ·e − τ·h))
 *
 * g 1/options, or 0 for free form · d difficulty shown by the text, w its weight · b base difficulty of the benchmark ·
 * a discrimination, log-normal · e difficulty of the query that its text does not show · h luck of this
 * model with this query · skill the sum of level, domain, benchmark, task and facets · slope how much
 * worse than others the model bears difficulty. a, e and h are hidden from any reader of the text.
 *
 * Skills belong to the world, not to the seed of a pool: two pools show the same models.
 * @module
 */
import { random } from "../../src/base/random.ts";

/** One invented model. Prices are in `manifest.json`. */
export interface DemoModel {
  /** As in the records. */
  readonly id: string;
  /** General level, in logits before discrimination. */
  readonly level: number;
  /** Strengths and weaknesses by domain, added to the level. */
  readonly domains: Readonly<Record<string, number>>;
  /** Extra loss for each unit of visible difficulty; negative = holds up well. */
  readonly slope: number;
  /** Output tokens relative to the benchmark's average. */
  readonly verbosity: number;
}

/** By ascending id. All names are fictitious. */
export const MODELS: readonly DemoModel[] = [
  { id: "alder-3b", level: -0.9, domains: {}, slope: 0.25, verbosity: 0.7 },
  { id: "birch-8b", level: -0.3, domains: {}, slope: 0.2, verbosity: 0.8 },
  {
    id: "cedar-code-7b",
    level: -0.5,
    domains: { code: 1.6, logic: 0.3 },
    slope: 0.1,
    verbosity: 0.9,
  },
  {
    id: "cypress-math-7b",
    level: -0.5,
    domains: { maths: 1.8, logic: 0.4 },
    slope: 0,
    verbosity: 1.6,
  },
  { id: "elm-14b", level: 0.1, domains: {}, slope: 0.15, verbosity: 0.9 },
  { id: "fir-polyglot-12b", level: -0.2, domains: { language: 1.3 }, slope: 0.1, verbosity: 0.8 },
  { id: "juniper-32b", level: 0.5, domains: {}, slope: 0.05, verbosity: 1 },
  { id: "larch-70b", level: 0.6, domains: { knowledge: 0.5 }, slope: 0, verbosity: 1 },
  {
    id: "oak-reason-120b",
    level: 0.6,
    domains: { logic: 0.9, maths: 0.6, knowledge: -0.3 },
    slope: -0.2,
    verbosity: 2.2,
  },
  { id: "sequoia-400b", level: 1, domains: {}, slope: -0.05, verbosity: 1.1 },
];

/** What can be known of a query by reading it. */
export interface Visible {
  /** Domain of the benchmark. */
  readonly domain: string;
  /** Benchmark name. */
  readonly benchmark: string;
  /** Task name inside the benchmark. */
  readonly task: string;
  /** Topic, programming language, human language. */
  readonly facets: readonly string[];
  /** Base difficulty of the benchmark. */
  readonly base: number;
  /** Difficulty shown by the text, d. */
  readonly difficulty: number;
  /** Answer options, 0 = free form. */
  readonly options: number;
  /** Output tokens of an average answer on this benchmark. */
  readonly answerTokens: number;
  /** Characters of the text. */
  readonly characters: number;
}

/** What no reader can know. */
export interface Hidden {
  /** log a. */
  readonly logDiscrimination: number;
  /** e, standard normal, the same for all models. */
  readonly difficulty: number;
  /** h, standard normal, by model. */
  readonly luck: readonly number[];
}

const WORLD_SEED = 20260101;
/** Median and log-deviation of a. */
export const DISCRIMINATION = { median: 1.4, deviation: 0.25 } as const;
/** w: logits, before discrimination, of one unit of visible difficulty. */
export const DIFFICULTY_WEIGHT = 1.3;
/** σ and τ. */
export const NOISE = { difficulty: 0.6, luck: 0.35 } as const;
/** Standard deviations of the drawn parts of a skill. */
const SPREAD = { benchmark: 0.15, task: 0.25, facet: 0.7 } as const;
/** Log of output tokens: growth with visible and hidden difficulty, and spread. */
const LENGTH = { difficulty: 0.25, hidden: 0.15, deviation: 0.35 } as const;

/** Model m's skill less its difficulty, without the hidden parts. One for each of {@link MODELS}. */
export function margins(query: Visible, cache: Map<string, number> = new Map()): number[] {
  return MODELS.map(({ id, level, domains, slope }) => {
    const drawn = (kind: keyof typeof SPREAD, name: string): number => {
      const key = `${id} ${kind} ${name}`;
      let value = cache.get(key);
      if (value === undefined) {
        value = SPREAD[kind] * random(WORLD_SEED, "skill", id, kind, name).normal();
        cache.set(key, value);
      }
      return value;
    };
    const skill = level + (domains[query.domain] ?? 0) + drawn("benchmark", query.benchmark) +
      drawn("task", `${query.benchmark}/${query.task}`) +
      query.facets.reduce((sum, facet) => sum + drawn("facet", facet), 0);
    return skill - query.base - (DIFFICULTY_WEIGHT + slope) * query.difficulty;
  });
}

/** P(solved) knowing everything, the hidden parts included. */
export function latentProbability(
  margin: number,
  options: number,
  hidden: Hidden,
  m: number,
): number {
  const a = DISCRIMINATION.median * Math.exp(DISCRIMINATION.deviation * hidden.logDiscrimination);
  const noise = NOISE.difficulty * hidden.difficulty + NOISE.luck * hidden.luck[m];
  return guessing(options, sigmoid(a * (margin - noise)));
}

/** P(solved) for a reader of the text: {@link latentProbability} averaged over the hidden parts. */
export function textProbability(margin: number, options: number): number {
  const noise = Math.hypot(NOISE.difficulty, NOISE.luck);
  let mean = 0;
  for (const [x, weight] of NORMAL) {
    const a = DISCRIMINATION.median * Math.exp(DISCRIMINATION.deviation * x);
    for (const [z, other] of NORMAL) mean += weight * other * sigmoid(a * (margin - noise * z));
  }
  return guessing(options, mean);
}

/**
 * Nodes and weights of a standard normal mean: the trapezoid rule, which for smooth integrands on the
 * whole line converges faster than any power of the step. Weights sum to 1.
 */
const NORMAL: readonly (readonly [number, number])[] = (() => {
  const nodes = Array.from({ length: 13 }, (_, i) => (i - 6) * 0.75);
  const total = nodes.reduce((sum, x) => sum + Math.exp(-x * x / 2), 0);
  return nodes.map((x) => [x, Math.exp(-x * x / 2) / total] as const);
})();

/** Input tokens, the same for all models: about four characters a token, and the chat frame. */
export function inputTokens({ characters }: Visible): number {
  return 8 + Math.ceil(characters / 4);
}

/** Expected output tokens of model m for a reader of the text: a log-normal mean. */
export function expectedOutput(query: Visible, m: number): number {
  return outputMedian(query, m) * Math.exp((LENGTH.hidden ** 2 + LENGTH.deviation ** 2) / 2);
}

/** One draw of output tokens; `z` standard normal, `u` uniform: rounds so that the mean stays exact. */
export function drawOutput(
  query: Visible,
  m: number,
  hidden: Hidden,
  z: number,
  u: number,
): number {
  const log = LENGTH.hidden * hidden.difficulty + LENGTH.deviation * z;
  return Math.floor(outputMedian(query, m) * Math.exp(log) + u);
}

function outputMedian({ answerTokens, difficulty }: Visible, m: number): number {
  return answerTokens * MODELS[m].verbosity * Math.exp(LENGTH.difficulty * difficulty);
}

function guessing(options: number, p: number): number {
  return options === 0 ? p : 1 / options + (1 - 1 / options) * p;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
