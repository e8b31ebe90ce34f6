import assert from "node:assert/strict";
import { assemble } from "../../src/results/assemble.ts";
import { AT_THIS_SIZE } from "../../src/router/size_notes.ts";
import { records } from "../report/fixture.ts";
import { always, type Decider, handRun, headlineOnly, withFolder } from "./fixture.ts";

/** Decides for model 0, with notes on the card. */
function noting(...notes: string[]): Decider {
  const decide = headlineOnly(always(0));
  return async (table, split) => {
    const outcome = await decide(table, split);
    assert.equal(outcome.status, "decided");
    return outcome.status === "decided" ? { ...outcome, card: { parameters: 1, notes } } : outcome;
  };
}

Deno.test("what a pool's size changed is in the statement of its router, split by split", () =>
  withFolder(async (folder) => {
    const note = `${AT_THIS_SIZE} neighbours are approximate`;
    const { plan, jobs } = await handRun(folder, {
      records: records(false),
      routers: {
        bare: noting(note),
        told: noting("3 clusters", note),
        exact: noting("3 clusters"),
      },
      facts: { told: { statement: "Not the paper's." } },
    });
    const statements = new Map(
      assemble(plan, jobs).result.routers.map(({ id, statement }) => [id, statement]),
    );
    const searches = [0, 1, 2, 3, 4].map((fold) => `seed 7, fold ${fold}: ${note}`);
    assert.equal(statements.get("bare"), searches.join("; "));
    assert.equal(statements.get("told"), ["Not the paper's.", ...searches].join("; "));
    assert.equal(statements.get("exact"), null);
  }));
