/**
 * From the name of a protocol to its splits.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { hashJson } from "../base/hash.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { idCuts, publishedCuts } from "./id.ts";
import { domainCuts, oodCuts } from "./ood.ts";
import { taskCuts } from "./task.ts";
import { newModelCuts } from "./new_model.ts";
import { type Cut, SEEDS, type Split, type SplitOptions } from "./split.ts";

/**
 * Makes the splits of a protocol: seed by seed, fold by fold.
 *
 * @param groups rows with equal numbers are never separated, length Q (from the audit)
 * @throws {UsageError} when there is no such protocol
 * @throws {CapabilityError} when the dataset lacks what the protocol needs
 */
export function makeSplits(
  table: OutcomeTable,
  groups: Uint32Array,
  protocol: string,
  seeds: readonly number[] = SEEDS,
  options: SplitOptions = {},
): Split[] {
  const cut = cutter(protocol);
  const idsSha256 = hashJson(table.ids);
  return seeds.flatMap((seed) =>
    cut(table, groups, seed, options).map((cut, fold): Split => ({
      format: 1,
      dataset: table.dataset.name,
      dataSha256: table.dataset.sha256,
      idsSha256,
      protocol,
      seed,
      fold,
      heldOutModels: [],
      ...cut,
    }))
  );
}

type Cutter = (
  table: OutcomeTable,
  groups: Uint32Array,
  seed: number,
  options: SplitOptions,
) => Cut[];

function cutter(protocol: string): Cutter {
  const named: Record<string, Cutter> = {
    id: idCuts,
    "id:published": publishedCuts,
    ood: oodCuts,
    task: taskCuts,
    "new-model": (...given) => newModelCuts(undefined, ...given),
  };
  if (Object.hasOwn(named, protocol)) return named[protocol];
  const [, kind, number] = /^(ood|new-model):([0-9]+)$/.exec(protocol) ?? [];
  if (kind === "ood") return (...given) => domainCuts(Number(number), ...given);
  if (kind === "new-model") return (...given) => newModelCuts(Number(number), ...given);
  throw new UsageError(
    `no protocol "${protocol}"; there are ${Object.keys(named).join(", ")}, ood:<folds> and ` +
      "new-model:<models held out>",
  );
}
