/**
 * A result in one sentence: who is ahead, by how much, for what money, and how surely.
 * @module
 */
import type { Evaluation } from "../../evaluate/evaluate.ts";
import type { ArmReport, NewModelEvaluation } from "../../evaluate/evaluate_new_model.ts";
import { isNewModel, type Result } from "../../results/result.ts";
import { comparisonWith, LEVEL, ranked } from "./leaderboard.ts";
import { digits, money, signed, signedFinely } from "./numbers.ts";

/** Labels of a new model that the sentence is about, where so many were tried. */
const LABELS = 32;

/** Differences below this are printed as nothing, and gain nothing. */
const LEAST = 0.0005;

/** A difference to the best single model; ends may be missing where there are too few queries. */
interface Test {
  readonly difference: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly pHolm: number | null;
}

/** The sentence; undefined where no router competes. */
export function sentenceOf(result: Result): string | undefined {
  const { evaluation, protocol: { control } } = result;
  const text = isNewModel(evaluation)
    ? unseenSentence(result, evaluation)
    : splitSentence(result, evaluation);
  return text && (control === "none" ? "" : `Negative control (${control}): `) + text;
}

function splitSentence(result: Result, evaluation: Evaluation): string | undefined {
  const { references, competing: [top] } = ranked(result, evaluation.routers);
  if (!top) return undefined;
  const { name } = result.routers.find(({ id }) => id === top.router)!;
  const single = references.find(({ router }) => router === "best-single");
  const test = comparisonWith(evaluation.comparisons, top.router, "best-single");
  if (!single || !test) return `${name} has the highest mean score, ${digits(top.mean.quality)}.`;
  const costs = result.dataset.priced
    ? `, for $${money(top.mean.cost)} instead of $${money(single.mean.cost)} per 1,000 queries`
    : "";
  return comparing(
    name,
    top.mean.quality!,
    `the best single model (${digits(single.mean.quality)})`,
    test,
    costs,
  );
}

function unseenSentence(
  { routers }: Result,
  { arms }: NewModelEvaluation,
): string | undefined {
  const own = arms.filter(({ n, pool, arm }) =>
    n !== null && pool === "all" && (arm === "zero-update" || arm === "fit-new-vector")
  );
  const rivals = new Map(routers.filter((r) => !r.reference).map(({ id, name }) => [id, name]));
  const sizes = own.filter(({ router }) => rivals.has(router)).map(({ n }) => n!);
  const some = sizes.filter((n) => n <= LABELS);
  const size = some.length > 0 ? Math.max(...some) : Math.min(...sizes);
  const at = own.filter(({ n }) => n === size);
  const [top] = at.filter(({ router }) => rivals.has(router))
    .toSorted((a: ArmReport, b: ArmReport) => b.quality - a.quality);
  if (!top) return undefined;
  const name = rivals.get(top.router)!;
  const single = at.find(({ router }) => router === "best-single");
  const start = `With new models known by ${size} labels each, `;
  if (!single || !top.vsBestSingle) {
    return `${start}${name} has the highest mean score, ${digits(top.quality)}.`;
  }
  const rival = `the best single model by the same labels (${digits(single.quality)})`;
  const rest = comparing(name, top.quality, rival, top.vsBestSingle, "");
  return start + (rest.startsWith("No router") ? `n${rest.slice(1)}` : rest);
}

function comparing(
  name: string,
  quality: number,
  rival: string,
  test: Test,
  costs: string,
): string {
  const { difference } = test;
  if (difference === 0 && test.low === 0 && test.high === 0) {
    return `No router is above ${rival}: the nearest, ${name}, always chooses as it does.`;
  }
  const sure = surely(test);
  return difference >= LEAST
    ? `${name} has the highest mean score, ${digits(quality)}: ${
      signed(difference)
    } over ${rival}${costs}; ${sure}.`
    : `No router is above ${rival}: the nearest, ${name}, is at ${digits(quality)}${
      difference <= -LEAST ? `, ${signed(difference)}` : ""
    }${costs}; ${sure}.`;
}

function surely({ low, high, pHolm }: Test): string {
  if (!isKnown(low) || !isKnown(high)) return "too few queries for an interval";
  return `95% interval ${end(low)} to ${end(high)}, ${
    isKnown(pHolm) && pHolm < LEVEL ? "significant" : "not significant"
  } over the whole table (Holm)`;
}

function end(value: number): string {
  return Math.abs(value) < 0.00005 ? signed(0) : signedFinely(value);
}

function isKnown(value: number | null): value is number {
  return value !== null && !Number.isNaN(value);
}
