/**
 * A small invented result, priced or not, for tables and drawings.
 */
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { assemble } from "../../src/results/assemble.ts";
import type { Evaluation } from "../../src/evaluate/evaluate.ts";
import type { Result } from "../../src/results/result.ts";
import { openResult } from "../../src/results/open.ts";
import type { Reported } from "../../src/report/html/report.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { choices, type Decider, handRun, withFolder, written } from "../results/fixture.ts";

const MODELS = ["ash-2b", "birch-9b", "cedar-40b", "douglas-200b"];
const PRICES = [0.0002, 0.0011, 0.006, 0.021];
const CHANCES = {
  letters: [0.2, 0.5, 0.7, 0.8],
  sums: [0.3, 0.4, 0.3, 0.9],
  trivia: [0.5, 0.6, 0.6, 0.7],
};

/** Sixty queries of three benchmarks. */
export function records(priced: boolean): OutcomeRecord[] {
  return Object.entries(CHANCES).flatMap(([benchmark, chances]) =>
    Array.from({ length: 20 }, (_, i): OutcomeRecord => {
      const id = `${benchmark}-${String(i).padStart(2, "0")}`, draw = random(1, id);
      const words = Array.from({ length: 12 }, () => draw.integer(1e6).toString(36));
      return {
        id,
        benchmark,
        query: words.join(" "),
        scores: Object.fromEntries(
          MODELS.map((model, m) => [model, Number(draw.fork(model).next() < chances[m])]),
        ),
        ...(priced && {
          costs: Object.fromEntries(
            MODELS.map((model, m) => [model, PRICES[m] * (1 + draw.next())]),
          ),
        }),
      };
    })
  );
}

/** Finds a model that solves the query in this share of the cases, and drifts to the cheapest model. */
function skilled(name: string, share: number, priced: boolean): Decider {
  return (table, split) => {
    const best = (row: number): number => {
      const draw = random(2, name, table.ids[row]);
      const solvers = [...MODELS.keys()].filter((m) => table.scores[row * 4 + m] === 1);
      return draw.next() < share && solvers.length > 0
        ? solvers[draw.integer(solvers.length)]
        : draw.integer(4);
    };
    const curve = [0, 0.25, 0.5, 0.75, 1].map((saving) =>
      [
        { kind: "curve", at: saving },
        (row: number) => random(3, table.ids[row]).next() < saving ? 0 : best(row),
      ] as const
    );
    return choices(
      [[{ kind: "headline" }, best], [{ kind: "default" }, best], ...(priced ? curve : [])],
      {
        score: 1,
        trials: [{ score: 0.5, area: 0.4 }, { score: 0.6, area: 0.6 }],
        ...(priced && { area: 1, operating: { sameQuality: 1, halfCost: 3 } }),
      },
    )(table, split);
  };
}

/** Two seeds run by hand in a folder; reference rows decide for themselves. */
export function inventedRun(
  home: string,
  priced: boolean,
  given = records(priced),
): ReturnType<typeof handRun> {
  const grid = [{ k: 5 }, { k: 10 }];
  return handRun(home, {
    records: given,
    seeds: [7, 8],
    routers: {
      keen: skilled("keen", 0.9, priced),
      knn: skilled("knn", 0.5, priced),
      vague: skilled("vague", 0, priced),
      ...(!priced && {
        thrifty: () => ({
          status: "not applicable",
          reason: "needs costs; 4 of 4 models have none",
        }),
      }),
    },
    facts: {
      keen: { name: "Keen (2030)", grid, statement: "Keen without its second stage." },
      knn: { name: "kNN", grid },
      vague: { grid },
      thrifty: { name: "Thrifty", needs: ["cost"] },
    },
  });
}

/** The result of {@link inventedRun}. */
export function invented(priced: boolean): Promise<Result & { evaluation: Evaluation }> {
  return withFolder(async (folder) => {
    const home = join(folder, "tiny");
    await Deno.mkdir(home);
    const { plan, jobs } = await inventedRun(home, priced);
    const { result } = assemble(plan, jobs);
    // The folder is another in every run.
    const text = JSON.stringify(result).replaceAll(home, "tiny");
    return JSON.parse(text) as Result & { evaluation: Evaluation };
  });
}

/** The same as the HTML report takes it, read back from files. */
export function reported(
  priced: boolean,
  given = records(priced),
): Promise<Reported & { outcomes: OutcomeTable }> {
  return withFolder(async (folder) => {
    const run = await inventedRun(folder, priced, given);
    const { path } = await written(folder, run);
    return { ...await openResult(path), path, outcomes: run.plan.table };
  });
}

/** Gives the browser's code a document that holds blocks only. */
export async function withBlocks<T>(
  blocks: ReadonlyMap<string, string>,
  run: () => Promise<T>,
): Promise<T> {
  const page = { getElementById: (id: string) => ({ textContent: blocks.get(id) }) };
  Object.assign(globalThis, { document: page });
  try {
    return await run();
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
}
