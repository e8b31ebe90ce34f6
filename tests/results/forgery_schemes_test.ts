/**
 * Forgers with a plan: they edit decisions, splits or rows, compute every number honestly again and seal
 * the result again. What gives them away is that the harness would have drawn, chosen or run otherwise.
 */
import { loadDataset } from "../../datasets/load.ts";
import { audit } from "../../src/audit/audit.ts";
import { type Split } from "../../src/splits/split.ts";
import { evaluateEntries } from "../../src/results/assemble.ts";
import { type DecisionEntry } from "../../src/results/decision_file.ts";
import { chosenFor } from "../../src/results/facts.ts";
import { rounded } from "../../src/results/result.ts";
import { caught, rehashed, type Target, withTarget } from "./forge.ts";

/** The numbers that follow honestly from what was forged. */
async function honest(
  { data, opened }: Target,
  entries: readonly DecisionEntry[],
  splits: readonly Split[],
): Promise<unknown> {
  const table = await loadDataset(data);
  const routers = opened.result.routers.map(({ id, reference }) => ({ id, router: { reference } }));
  const units = audit(table).templates;
  return rounded(evaluateEntries({ table, splits, units, routers }, entries.map(rehashed)));
}

Deno.test("easy test rows in place of hard ones, all numbers recomputed: the draw gives it away", () =>
  withTarget(async (target) => {
    const { entries, splits } = target.opened;
    const roles = [...splits[0].roles];
    const test = roles.indexOf("e"), train = roles.indexOf("t", test);
    [roles[test], roles[train]] = [roles[train], roles[test]];
    const forged = splits.with(0, { ...splits[0], roles: roles.join("") });
    const evaluation = await honest(target, entries, forged);
    await target.forge({ splits: forged, edit: (result) => result.evaluation = evaluation });
    await caught(
      target,
      "rows exchanged",
      /\/splits\/parts\/0 .* is not the split that protocol id draws/,
    );
  }));

Deno.test("a fold or seed left out, all numbers recomputed", () =>
  withTarget(async (target) => {
    const splits = target.opened.splits.slice(0, 4);
    const entries = target.opened.entries.filter((e) => e.fold < 4);
    const evaluation = await honest(target, entries, splits);
    await target.forge({
      splits,
      entries,
      edit: (result) => {
        result.evaluation = evaluation;
        for (const r of result.routers) r.chosen = chosenFor(r.id, entries);
      },
    });
    await caught(target, "fold left out", /\/splits\/parts\/4 .* is not the split/);
  }));

Deno.test("a reference row hidden, all numbers recomputed: it could have been run", () =>
  withTarget(async (target) => {
    const entries = target.opened.entries.filter((e) => e.router !== "zero-router");
    const evaluation = await honest(target, entries, target.opened.splits);
    await target.forge({
      entries,
      edit: (result) => {
        const row = result.routers.find((r: { id: string }) => r.id === "zero-router");
        row.notApplicable = "needs costs; some queries have none";
        row.chosen = [];
        result.evaluation = evaluation;
      },
    });
    await caught(
      target,
      "zero router hidden",
      /\/routers\/5\/notApplicable is "needs costs.*recomputed null/,
    );
    await target.forge({
      entries,
      edit: (result) => {
        result.routers.splice(5, 1);
        result.evaluation = evaluation;
      },
    });
    await caught(
      target,
      "zero router gone",
      /\/routers\/5\/id is "bayes-optimal", recomputed "zero-router"/,
    );
  }));

Deno.test("a weak best single, all numbers recomputed: the harness would have chosen better", () =>
  withTarget(async (target) => {
    const entries = target.opened.entries.map((e) =>
      e.router === "best-single" ? { ...e, choice: new Uint16Array(e.choice.length).fill(3) } : e
    );
    const evaluation = await honest(target, entries, target.opened.splits);
    await target.forge({ entries, edit: (result) => result.evaluation = evaluation });
    await caught(
      target,
      "weak baseline",
      /decisions of best-single, seed 1, fold 0 are not what best single decides/,
    );
  }));

Deno.test("entries twice, in another order, missing or of nobody", () =>
  withTarget(async (target) => {
    const { entries } = target.opened;
    const expect = async (changed: readonly DecisionEntry[], message: RegExp): Promise<void> => {
      await target.forge({ entries: changed });
      await caught(target, String(message), message);
    };
    await expect([...entries, entries[0]], /expected decisions of no more, got random/);
    await expect(
      entries.slice(1),
      /entry 0: expected decisions of random, seed 1, fold 0, got random.*fold 1/,
    );
    await expect(entries.slice(0, -1), /expected decisions of ridge, seed 1, fold 4, got nothing/);
    await expect([entries[1], entries[0], ...entries.slice(2)], /entry 0: expected/);
    await expect(
      entries.map((e) => e.router === "ridge" ? { ...e, router: "ghost" } : e),
      /expected decisions of ridge, .* got ghost/,
    );
  }));

Deno.test("what the command says must be the protocol that is stored", () =>
  withTarget(async (target) => {
    const commands: [from: RegExp, to: string, message: RegExp][] = [
      [/--seeds 1/, "--seeds 2", /\/protocol\/seeds is 1, but \/command says --seeds 2/],
      [/$/, " --control shuffled-labels", /\/protocol\/control is the default, but/],
      [/$/, " --validation id", /\/protocol\/validation is the default/],
      [/--protocol id /, "", /\/protocol\/name is id, but \/command says --protocol not at all/],
    ];
    for (const [from, to, message] of commands) {
      await target.forge({ edit: (result) => result.command = result.command.replace(from, to) });
      await caught(target, to, message);
    }
  }));
