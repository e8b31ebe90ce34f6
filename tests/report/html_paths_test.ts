/** Episodes in the query explorer: who was asked, what it cost, whose reply is the answer. */
import assert from "node:assert/strict";
import { queriesOf } from "../../src/report/html/client/data.js";
import { episode } from "../../src/report/html/client/dialog.js";
import { moneyText } from "../../src/report/html/client/dom.js";
import { addQueries, type Blocks } from "../../src/report/html/query_data.ts";
import { reported, withBlocks } from "./fixture.ts";

Deno.test("paths: who was asked in which order, what all of them cost, and the steps as a table", async () => {
  const report = await reported(true), { outcomes: table } = report, M = table.models.length;
  const asks = (choice: number): number[] => choice === 0 ? [0, M] : [0, choice];
  const entries = report.entries.map((entry) => ({
    ...entry,
    ...(entry.router === "keen" &&
      { paths: { horizon: 2, visited: Uint16Array.from([...entry.choice].flatMap(asks)) } }),
  }));
  const blocks: Blocks = new Map(), id = addQueries(blocks, { ...report, entries }, table)!;
  const queries = await withBlocks(blocks, () => queriesOf(id));
  const rows = queries.rows(1), choose = queries.choices(1, "keen");
  const cost = (i: number, m: number): number => Math.fround(table.costs[rows[i] * M + m]);
  const dear = [...rows.keys()].find((i: number) => choose(i) === 3)!;
  const cheap = [...rows.keys()].find((i: number) => choose(i) === 0)!;
  assert.deepEqual(queries.paths(1, "keen")(dear), [0, 3]);
  assert.equal(queries.paid(1, "keen")(dear), cost(dear, 0) + cost(dear, 3));
  assert.deepEqual(queries.paths(1, "keen")(cheap), [0]);
  assert.equal(queries.paid(1, "keen")(cheap), cost(cheap, 0));
  assert.deepEqual(queries.paths(1, "knn")(dear), [queries.choices(1, "knn")(dear)]);
  assert.deepEqual(queries.paths(1, "random")(dear), []);
  assert.equal(queries.paid(1, "random")(dear), NaN);

  const steps = withDocument(() => lines(episode(queries, 1, "keen", dear)));
  const money = (m: number): string => moneyText(cost(dear, m));
  assert.equal(steps.length, 3);
  assert.deepEqual(steps[0], ["step", "", "score", "$/1k", "paid so far"]);
  assert.deepEqual(steps[1].toSpliced(2, 1), ["1. asked ash-2b", "", money(0), money(0)]);
  const all = moneyText(cost(dear, 0) + cost(dear, 3));
  const answer = ["2. asked douglas-200b", "its reply is the answer", money(3), all];
  assert.deepEqual(steps[2].toSpliced(2, 1), answer);
  assert.equal(
    withDocument(() => episode(queries, 1, "keen", cheap)),
    null,
    "one call is no story",
  );
});

/** An element as far as a table needs one. */
interface Made {
  readonly name: string;
  readonly children: readonly (Made | string)[];
}

/** Runs something that makes elements, in a document that only keeps their names and children. */
function withDocument<T>(run: () => T): T {
  const createElement = (name: string) => {
    const children: unknown[] = [];
    return {
      name,
      children,
      setAttribute: () => {},
      append: (...more: unknown[]) => children.push(...more),
    };
  };
  Object.assign(globalThis, { document: { createElement } });
  try {
    return run();
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
}

/** Texts of the cells of a table, line by line. */
function lines(from: unknown): string[][] {
  const text = (made: Made | string): string =>
    typeof made === "string" ? made : made.children.map(text).join("");
  const found = (made: Made | string): string[][] => {
    if (typeof made === "string") return [];
    return made.name === "tr" ? [made.children.map(text)] : made.children.flatMap(found);
  };
  return found(from as Made);
}
