/**
 * What figures need of a result's rows: names, means, intervals, and which rows to bring forward.
 * @module
 */
import type { Comparison } from "../../evaluate/compare.ts";
import type { Evaluation, RouterReport } from "../../evaluate/evaluate.ts";
import { isNewModel, type Result } from "../../results/result.ts";
import { DataError } from "../../base/errors.ts";
import { comparisonWith, ranked } from "../tables/leaderboard.ts";
import { shortened } from "../tables/text_table.ts";

/** Rows drawn in colour when nothing else is asked for. */
export const FORWARD = 7;

/** Which rows a figure brings forward. */
export interface Selection {
  /** Router ids in colour; the others are pale. Default: the {@link FORWARD} best. */
  readonly only?: readonly string[];
}

/** A result of the ID or OOD protocols. */
export interface Split {
  /** The result. */
  readonly result: Result;
  /** Its numbers. */
  readonly evaluation: Evaluation;
  /** Printed name of a router id. */
  readonly name: (id: string) => string;
  /** Competing rows, best first. */
  readonly competing: readonly RouterReport[];
  /** References, best first. */
  readonly references: readonly RouterReport[];
}

/**
 * Opens an ID or OOD result for drawing.
 * @throws {DataError} when it is one of the new-model protocol
 */
export function splitOf(result: Result): Split {
  const { evaluation, protocol } = result;
  if (isNewModel(evaluation)) {
    throw new DataError(
      `a result of ${protocol.name} has arms; this figure needs one of id or ood`,
    );
  }
  return {
    result,
    evaluation,
    name: namesOf(result),
    ...ranked(result, evaluation.routers),
  };
}

/** Printed names by router id; ids that a result does not know stand for themselves. */
export function namesOf({ routers }: Pick<Result, "routers">): (id: string) => string {
  const names = new Map(routers.map((r) => [r.id, r.name]));
  return (id) => names.get(id) ?? id;
}

/** The row's test against best single, if there was one. */
export function againstSingle(
  { comparisons }: Evaluation,
  router: string,
): Comparison | undefined {
  return comparisonWith(comparisons, router, "best-single");
}

/** Which of the rows, best first, to bring forward. */
export function forward(ids: readonly string[], { only }: Selection): Set<string> {
  return new Set(only ?? ids.slice(0, FORWARD));
}

/** Where a result comes from, for titles: `mmlu-pro · id · 5 seeds`. */
export function origin({ dataset, protocol, embedding }: Result): string {
  const seeds = protocol.seeds.length;
  const control = protocol.control === "none" ? "" : ` · CONTROL ${protocol.control}`;
  return `${datasetOf(dataset)} · ${protocol.name} · ` +
    `${embedding.name} · ${seeds} ${seeds === 1 ? "seed" : "seeds"}${control}`;
}

/** A dataset as titles call it. */
export function datasetOf({ name, synthetic }: Result["dataset"]): string {
  return name.replace(/\/all$/, "") + (synthetic ? " (synthetic)" : "");
}

/** The arithmetic mean. */
export function meanOf<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((sum, item) => sum + pick(item), 0) / items.length;
}

/** Labels of rows by id: short names, with the id where two would be the same. */
export function labelsOf(
  ids: readonly string[],
  name: (id: string) => string,
): Map<string, string> {
  const names = ids.map((id) => short(name(id)));
  return new Map(ids.map((id, i) => {
    const twice = names.indexOf(names[i]) !== names.lastIndexOf(names[i]);
    return [id, twice ? `${short(name(id), 16)} (${id})` : names[i]];
  }));
}

/** Names cut to fit beside an axis. */
export function short(name: string, longest = 28): string {
  return shortened(name, longest);
}
