/** What the honesty tests share: every router and reference row, and a small pool whose outcomes can be replaced by noise. */
import { demoTable } from "../../datasets/demo/generate.ts";
import type { EmbeddedTable } from "../../src/run/open_split.ts";
import type { Split } from "../../src/splits/split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Router } from "../../src/router/contract.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { trackedRouters } from "../support/tracked.ts";
import { REFERENCES } from "../../src/router/references.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { alone } from "../splits/tables.ts";

/**
 * All that predict from what is here. What those that visit models may see is asked in
 * `tests/run/sequential_job_test.ts`; those that need weights are put to the conformance kit on a tiny encoder.
 */
export const routers: { id: string; router: Router }[] = [
  ...REFERENCES.map(({ id, router }) => ({ id, router: router as Router })),
  ...(await trackedRouters()).flatMap(({ id, router }) =>
    isSequential(router) || router.weights ? [] : [{ id, router }]
  ),
];

async function demo(queries: number): Promise<EmbeddedTable> {
  const table = demoTable({ queries });
  const provider = await openProvider("hashed-384");
  return { table, raw: await provider.embed(table.texts), preparation: provider.preparation };
}

export const data = await demo(200);
export const withTable = (table: OutcomeTable): EmbeddedTable => ({ ...data, table });
export const splits = (protocol: string): Split[] =>
  makeSplits(data.table, alone(data.table), protocol, [7]);
