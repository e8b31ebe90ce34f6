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
  if (id === "rag_router") return { ...router, grid: [{ passes: 5, leastSteps: 25 }] };
  return id === "icl_router" ? { ...router, grid: [{ preset: TINY }] } : router;
}

/** What nobody said. */
export function reply(text: string): Reply {
  return { text, chars: text.length, tokens: 1 };
}

async function demo(queries: number): Promise<EmbeddedTable> {
  const table = smallTable(demoTable({ queries })), provider = SMALL;
  const replies = table.ids.flatMap((id) => table.models.map((model) => reply(`${model}: ${id}`)));
  const raw = await provider.embed(table.texts);
  const notes = table.ids.map((id, q) => `${table.models[q % table.models.length]} on ${id}`);
  return {
    table: { ...table, documents: notes, plainScores: table.scores.toReversed() },
    raw,
    documents: await provider.embed(notes),
    preparation: provider.preparation,
    replies,
  };
}

export const data = await demo(100);
export const withTable = (table: OutcomeTable): EmbeddedTable => ({ ...data, table });
export const splits = (protocol: string): Split[] =>
  makeSplits(data.table, alone(data.table), protocol, [7]);
