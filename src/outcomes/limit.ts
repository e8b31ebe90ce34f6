/**
 * A first look: some queries of a table, each benchmark in proportion.
 * @module
 */
import { hashJson, sha256 } from "../base/hash.ts";
import { type OutcomeTable, takeCells } from "./table.ts";

/**
 * Keeps `limit` queries, or all where there are no more: each benchmark in proportion (largest remainders,
 * at least one query where the limit allows it), and in it those whose ids hash lowest, so that neither
 * order nor company of a query matters. The table is another dataset then: its hash says so.
 */
export function limitTable(table: OutcomeTable, limit: number): OutcomeTable {
  const { ids, benchmarks, dataset } = table;
  const rows = chosenRows(table, limit);
  const width = table.models.length;
  const isKept = new Uint8Array(ids.length);
  for (const row of rows) isKept[row] = 1;
  const keep = (_: unknown, row: number): boolean => isKept[row] === 1;
  const kept = Uint32Array.from(ids.keys()).filter(keep);
  const keepTruth = (cells: Float64Array): Float64Array =>
    cells.filter((_, at) => isKept[Math.floor(at / width)] === 1);
  const [keptBenchmarks, benchmark] = recode(benchmarks, table.benchmark.filter(keep));
  const [keptTasks, task] = recode(table.tasks, table.task.filter(keep));
  const facts = keptBenchmarks.map((name) => benchmarks.indexOf(name));
  return {
    ...table,
    dataset: {
      ...dataset,
      sha256: hashJson({ of: dataset.sha256, limit }),
      limit,
      notes: [...dataset.notes, `a first look: ${rows.length} of ${ids.length} queries (--limit)`],
    },
    ids: ids.filter(keep),
    texts: table.texts.filter(keep),
    benchmarks: keptBenchmarks,
    benchmark,
    tasks: keptTasks,
    task,
    published: table.published.filter(keep),
    scores: takeCells(table.scores, width, kept),
    costs: takeCells(table.costs, width, kept),
    options: table.options.filter(keep),
    solvedFrom: Float64Array.from(facts, (b) => table.solvedFrom[b]),
    domains: facts.map((b) => table.domains[b]),
    ...(table.targets && { targets: takeCells(table.targets, width, kept) }),
    ...(table.documents && { documents: table.documents.filter(keep) }),
    ...(table.plainScores && { plainScores: takeCells(table.plainScores, width, kept) }),
    ...(table.repeats && {
      repeats: new Map([...table.repeats].map(([model, draws]) => [model, draws.filter(keep)])),
    }),
    ...(table.truth && { truth: keepTruth(table.truth) }),
    ...(table.truthCost && { truthCost: keepTruth(table.truthCost) }),
  };
}

function chosenRows({ ids, benchmark }: OutcomeTable, limit: number): number[] {
  if (limit >= ids.length) return [...ids.keys()];
  const strata = [...Map.groupBy(ids.keys(), (row) => benchmark[row])];
  const shares = strata.map(([b, rows]) => {
    const share = rows.length * limit / ids.length;
    const least = limit >= strata.length ? 1 : 0;
    return { b, rows, share, take: Math.max(least, Math.floor(share)) };
  });
  const taken = (): number => shares.reduce((sum, { take }) => sum + take, 0);
  while (taken() !== limit) {
    const step = taken() < limit ? 1 : -1;
    const open = shares.filter(({ rows, take }) => step > 0 ? take < rows.length : take > 1);
    const [next] = open.toSorted((x, y) => step * ((y.share - y.take) - (x.share - x.take)));
    next.take += step;
  }
  return shares.flatMap(({ rows, take }) =>
    rows.map((row) => ({ row, key: sha256(ids[row]) }))
      .sort((x, y) => x.key < y.key ? -1 : x.key > y.key ? 1 : 0)
      .slice(0, take).map(({ row }) => row)
  );
}

/** Labels that still occur, and the codes of the rows among them. */
function recode(labels: readonly string[], codes: Uint16Array): [string[], Uint16Array] {
  const used = [...new Set(codes)].sort((a, b) => a - b);
  const place = new Map(used.map((code, at) => [code, at]));
  return [used.map((code) => labels[code]), codes.map((code) => place.get(code)!)];
}
