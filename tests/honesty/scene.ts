/** What the honesty tests share: every router and reference row, and a small pool whose outcomes can become noise. */
import { demoTable } from "../../datasets/demo/generate.ts";
import type { EmbeddedTable } from "../../src/run/open_split.ts";
import type { Split } from "../../src/splits/split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import type { Reply } from "../../src/base/reply.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Router } from "../../src/router/contract.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { TINY } from "../icl/tiny_router.ts";
import { brisk } from "../support/brisk.ts";
import { trackedRouters } from "../support/tracked.ts";
import { REFERENCES } from "../../src/router/references.ts";
import { SMALL, smallTable } from "../support/small_pool.ts";
import { alone } from "../splits/tables.ts";

/**
 * All that predict from what is here. What those that visit models may see is asked in
 * `tests/run/sequential_job_test.ts`; those that need weights are put to the conformance kit on a tiny encoder.
 */
export const routers: { id: string; router: Router }[] = [
  ...REFERENCES.map(({ id, router }) => ({ id, router: router as Router })),
  ...(await trackedRouters()).flatMap(({ id, router }) =>
    isSequential(router) || router.weights ? [] : [{ id, router: quick(id, router) }]
  ),
];

/** Those whose fits take long, on a small scale: the same code reads the same data. */
function quick(id: string, router: Router): Router {
  return id === "icl_router" ? { ...router, grid: [{ preset: TINY }] } : brisk(id, router);
}

/** What nobody said. */
export function reply(text: string): Reply {
  return { text, chars: text.length, tokens: 1 };
}

/** A table with narrow vectors, and with replies and documents made up. */
async function embedded(table: OutcomeTable): Promise<EmbeddedTable> {
  const { preparation } = SMALL;
  const replies = table.ids.flatMap((id) => table.models.map((model) => reply(`${model}: ${id}`)));
  const raw = await SMALL.embed(table.texts);
  const notes = table.ids.map((id, q) => `${table.models[q % table.models.length]} on ${id}`);
  return {
    table: { ...table, documents: notes, plainScores: table.scores.toReversed() },
    raw,
    documents: await SMALL.embed(notes),
    preparation,
    replies,
  };
}

export const data = await embedded(smallTable(demoTable({ queries: 100 })));
/** More models and queries, so that eight graded answers of the unseen ones show. */
export const larger = await embedded(demoTable({ queries: 200 }));
export const withTable = (table: OutcomeTable, rest = data): EmbeddedTable => ({ ...rest, table });
export const splits = (protocol: string, { table } = data): Split[] =>
  makeSplits(table, alone(table), protocol, [7]);
