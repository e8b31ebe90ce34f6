/**
 * Models that join a fitted router: their labels stand beside its rows, and it takes them in again whenever its file is
 * opened. All is chosen as in the bench's `new-model` protocol, so that the choices are those measured there.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import { hashJson } from "../base/hash.ts";
import { isPriced, type OutcomeTable } from "../outcomes/table.ts";
import type { Router } from "../router/contract.ts";
import { fitContext, whyNot } from "../run/job.ts";
import { cells, type OpenedSplit, openSplit } from "../run/open_split.ts";
import { replay, waysOf } from "../run/replay.ts";
import { tune } from "../run/tune.ts";
import type { Joined, SavedRouter } from "./saved.ts";

/** The rows of a file as routers see them; models that joined are held out, and known by their labels. */
export function rowsOf(saved: SavedRouter): OpenedSplit {
  const { table, raw, seed, fold, roles, joined, embedding: { preparation } } = saved;
  const opened = openSplit({ table, raw, preparation }, {
    ...{ format: 1, foldName: "", validation: "id", seed, fold, roles },
    ...{ dataset: table.dataset.name, dataSha256: table.dataset.sha256 },
    ...{ idsSha256: hashJson(table.ids), protocol: joined ? "new-model" : "id" },
    ...{ heldOutModels: joined?.models ?? [], ...(joined && { profile: joined.profile }) },
  });
  if (!joined) return opened;
  // Tuning looks at the models of the fit, whose costs may be known where those of the others are not.
  const { ids, models, costs } = table, M = models.length;
  const first = [...models.keys()].filter((m) => !joined.models.includes(models[m]));
  const priced = isPriced({ costs: cells(costs, M, [...ids.keys()], first) });
  return Object.create(opened, { priced: { value: priced } });
}

/** Ids of the labelled rows in their order; undefined where no model has joined. */
export function profileOf({ table, joined }: SavedRouter): string[] | undefined {
  return joined?.profile.order.map((row) => table.ids[row]);
}

/**
 * Makes sure that a router has a way of taking in models.
 * @throws {CapabilityError} where it has none
 */
export function expectUnseen({ router: { id } }: SavedRouter, { unseen }: Router): void {
  if (unseen) return;
  throw new CapabilityError(`${id} cannot take in a model without being fitted anew`);
}

/**
 * The file of a router that took in models. Configuration and way of taking them in are chosen on validation rows, known
 * models playing new ones.
 * @param table outcomes of the rows, those of the new models on the labelled ones only
 * @throws {CapabilityError} where the router cannot take in a model, or needs costs that are not known
 */
export async function joined(
  saved: SavedRouter,
  router: Router,
  table: OutcomeTable,
  { models, profile }: Pick<Joined, "models" | "profile">,
): Promise<SavedRouter> {
  const { probes: _probes, ...fitted } = saved, { id } = saved.router, n = profile.order.length;
  const larger: SavedRouter = { ...fitted, table, joined: { models, profile } };
  const split = rowsOf(larger), signal = new AbortController().signal;
  expectUnseen(saved, router);
  const reason = whyNot(router, split.retraining(n).all, split);
  if (reason) throw new CapabilityError(`${id}: ${reason}`);
  const options = { device: "cpu", signal, progress: () => {} } as const;
  const context = () => fitContext("tune", id, split, options, profileOf(larger));
  const tuned = await tune(router, split, context);
  const [played] = await replay(router, tuned.score, split, [n], context);
  const { ways, refits } = waysOf(router), at = played?.way;
  const score = refits && at !== undefined ? at : tuned.score;
  const area = refits && at !== undefined ? at : tuned.area ?? tuned.score;
  const way = refits ? {} : { way: ways[at ?? 0] };
  return {
    ...larger,
    configs: { score: router.grid[score], area: router.grid[area] },
    joined: { models, profile, ...way },
  };
}
