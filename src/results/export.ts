/**
 * Decisions in other harnesses' formats.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { testRows } from "../evaluate/decisions.ts";
import type { DecisionEntry } from "./decision_file.ts";
import type { OpenedResult } from "./result.ts";

/**
 * One line a decision: router, seed, fold, query id, model, score, cost (RFC 4180 CSV).
 * Headline decisions only; a mixture has none and is left out.
 * @throws {UsageError} for a new-model result, which has arms instead of a headline
 */
export function* exportCsv(
  { entries, splits }: OpenedResult,
  table: OutcomeTable,
): Generator<string> {
  requireHeadline(entries);
  const column = new Map(table.models.map((m, i) => [m, i]));
  yield csvLine(["router", "seed", "fold", "benchmark", "id", "model", "score", "cost_usd"]);
  for (const entry of entries) {
    if (entry.mixtures) continue;
    const split = splits.find((s) => s.seed === entry.seed && s.fold === entry.fold)!;
    const P = entry.columns.length;
    let i = 0;
    for (const row of testRows(split)) {
      const model = entry.models[entry.choice[i++ * P]];
      const at = row * table.models.length + column.get(model)!;
      const cost = paid(entry, table, row, i - 1);
      yield csvLine([
        entry.router,
        entry.seed,
        entry.fold,
        table.benchmarks[table.benchmark[row]],
        table.ids[row],
        model,
        table.scores[at],
        Number.isNaN(cost) ? "" : cost,
      ]);
    }
  }
}

/** A prediction as RouterArena takes it; `generated_result` is null because nothing was generated again. */
export interface ArenaPrediction {
  /** Query id. */
  readonly "global index": string;
  /** Query text. */
  readonly prompt: string;
  /** Chosen model. */
  readonly prediction: string;
  /** Always null: outcomes are recorded, not generated again. */
  readonly generated_result: null;
  /** US dollars; null where unknown. */
  readonly cost: number | null;
  /** Recorded score. */
  readonly accuracy: number;
}

/**
 * RouterArena predictions of one router and seed: a list of one object a query.
 * @throws {UsageError} when the router has no decisions of its own there, or for a new-model result
 */
export function exportArena(
  opened: OpenedResult,
  table: OutcomeTable,
  router: string,
  seed: number,
): ArenaPrediction[] {
  return ownEntries(opened, router, seed).flatMap((entry) => {
    const split = opened.splits.find((s) => s.seed === entry.seed && s.fold === entry.fold)!;
    return Array.from(testRows(split), (row, i): ArenaPrediction => {
      const model = entry.models[entry.choice[i * entry.columns.length]];
      const at = row * table.models.length + table.models.indexOf(model);
      const cost = paid(entry, table, row, i);
      return {
        "global index": table.ids[row],
        prompt: table.texts[row],
        prediction: model,
        generated_result: null,
        cost: Number.isNaN(cost) ? null : cost,
        accuracy: table.scores[at],
      };
    });
  });
}

/**
 * Decisions of one router and seed, fold by fold.
 * @throws {UsageError} when the router has none of its own there, or for a new-model result
 */
export function ownEntries(
  { entries }: Pick<OpenedResult, "entries">,
  router: string,
  seed: number,
): DecisionEntry[] {
  requireHeadline(entries);
  const own = entries.filter((e) => e.router === router && e.seed === seed && !e.mixtures);
  if (own.length > 0) return own;
  const seeds = [...new Set(entries.map((entry) => entry.seed))].join(", ");
  const routers = [...new Set(entries.filter((e) => !e.mixtures).map((entry) => entry.router))];
  throw new UsageError(
    `no decisions of router "${router}" with seed ${seed}${didYouMean(router, routers)}; ` +
      `seeds: ${seeds}; routers: ${routers.join(", ")}`,
  );
}

/** What the headline decision of the i-th test row cost: of a path all visits. */
function paid(
  { models, choice, columns, paths }: DecisionEntry,
  table: OutcomeTable,
  row: number,
  i: number,
): number {
  const at = i * columns.length, { visited, horizon } = paths ?? { visited: choice, horizon: 1 };
  return [...visited.subarray(at * horizon, (at + 1) * horizon)]
    .filter((m) => m < models.length)
    .reduce(
      (sum, m) => sum + table.costs[row * models.length + table.models.indexOf(models[m])],
      0,
    );
}

function requireHeadline(entries: OpenedResult["entries"]): void {
  if (entries.some(({ columns }) => columns[0].kind !== "headline")) {
    throw new UsageError(
      "export takes id, ood and task results; this one is of the new-model protocol",
    );
  }
}

function csvLine(fields: readonly (string | number)[]): string {
  return fields.map((field) => {
    const text = String(field);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",") + "\r\n";
}
